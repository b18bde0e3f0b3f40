// SPDX-License-Identifier: Apache-2.0
// FileMeasurer: a bounded queue and its thread.
#include "appraise/file_measurer.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxQueued = 65'536;
// Beyond this all are forgotten. The Measurer records nothing twice either;
// this only spares it the question.
constexpr std::size_t kMaxSeen = 1 << 20;

std::string KeyOf(const std::string& path, const Digest& sha256) {
  return sha256.Hex() + path;
}

}  // namespace

FileMeasurer::FileMeasurer(Measurer& measurer)
    : measurer_(measurer), thread_([this] { Run(); }) {}

FileMeasurer::~FileMeasurer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void FileMeasurer::Add(std::string path, const Digest& sha256) {
  const std::lock_guard lock(mutex_);
  if (seen_.contains(KeyOf(path, sha256))) return;
  if (queue_.size() >= kMaxQueued) {
    ++lost_;  // until its next use
    return;
  }
  if (seen_.size() >= kMaxSeen) seen_.clear();
  seen_.insert(KeyOf(path, sha256));
  queue_.emplace_back(std::move(path), sha256);
  changed_.notify_all();
}

void FileMeasurer::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto [path, sha256] = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const bool measured = measurer_.Measure(path, sha256.value()).measured;
    lock.lock();
    if (measured) continue;
    ++lost_;
    seen_.erase(KeyOf(path, sha256));
  }
}

}  // namespace assayfs
