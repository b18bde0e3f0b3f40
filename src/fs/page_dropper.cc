// SPDX-License-Identifier: Apache-2.0
// PageDropper: takes pages away from the kernel, on a thread of its own.
#include "fs/page_dropper.h"

#include <utility>

namespace assayfs {

PageDropper::PageDropper(std::function<void(FileId)> drop)
    : drop_(std::move(drop)), thread_([this] { Run(); }) {}

void PageDropper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void PageDropper::Add(FileId id) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(id);
  }
  changed_.notify_all();
}

void PageDropper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const auto taken = std::exchange(waiting_, {});
    lock.unlock();
    for (const FileId id : taken) drop_(id);
    lock.lock();
  }
}

}  // namespace assayfs
