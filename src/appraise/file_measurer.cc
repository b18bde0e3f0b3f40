// SPDX-License-Identifier: Apache-2.0
// FileMeasurer: a bounded queue and its thread.
#include "appraise/file_measurer.h"

#include <utility>

namespace assayfs {
namespace {

constexpr std::size_t kMaxQueued = 65'536;
// Beyond this all are forgotten. The Measurer records nothing twice either;
// this only spares it the question.
constexpr std::size_t kMaxSeen = 1 << 20;

}  // namespace

std::string FileMeasurer::Record::Key() const {
  return (sha256 ? sha256->Hex() : "violation ") +
         (pcr ? std::to_string(*pcr) : "") + path;
}

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

void FileMeasurer::Add(std::optional<std::uint32_t> pcr, std::string path,
                       std::optional<Digest> sha256) {
  Record record{pcr, std::move(path), std::move(sha256)};
  std::string key = record.Key();
  const std::lock_guard lock(mutex_);
  if (seen_.contains(key)) return;
  if (queue_.size() >= kMaxQueued) {
    ++lost_;  // until its next use
    return;
  }
  if (seen_.size() >= kMaxSeen) seen_.clear();
  seen_.insert(std::move(key));
  queue_.push_back(std::move(record));
  changed_.notify_all();
}

void FileMeasurer::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Record record = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const auto outcome =
        measurer_.Measure(record.pcr, record.path,
                          record.sha256 ? record.sha256->value() : Bytes());
    lock.lock();
    if (outcome.measured) continue;
    ++lost_;
    seen_.erase(record.Key());
  }
}

}  // namespace assayfs
