// SPDX-License-Identifier: Apache-2.0
// FileMeasurer: a bounded queue and its thread.
#include "appraise/file_measurer.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxQueued = 65'536;

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
  if (!seen_.insert(sha256.Hex() + path).second) return;
  if (queue_.size() >= kMaxQueued) {
    ++lost_;
    return;
  }
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
    if (!measurer_.Measure(path, sha256.value()).measured) ++lost_;
    lock.lock();
  }
}

}  // namespace assayfs
