// SPDX-License-Identifier: Apache-2.0
// SlowLane: a queue and threads that are started as they are needed.
#include "fs/slow_lane.h"

#include <system_error>
#include <utility>

namespace assayfs {

void SlowLane::Add(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (idle_ <= waiting_.size() && threads_.size() < most_threads_ &&
        !stopping_) {
      try {
        threads_.emplace_back([this] { Run(); });
      } catch (const std::system_error&) {
        // Those that run will come to it.
      }
    }
    if (!threads_.empty() && !stopping_) {
      waiting_.push_back(std::exchange(task, nullptr));
    }
  }
  changed_.notify_one();
  if (task) task();
}

void SlowLane::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    const auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void SlowLane::Stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace assayfs
