// SPDX-License-Identifier: Apache-2.0
// SlowLane: a queue and threads that are started as they are needed.
#include "fs/slow_lane.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace assayfs {
namespace {

constexpr std::chrono::milliseconds kLookAgain{50};

}  // namespace

bool SlowLane::StartThread(void (SlowLane::*work)()) {
  try {
    threads_.emplace_back([this, work] { (this->*work)(); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void SlowLane::Add(std::function<void()> task, std::function<bool()> hopeless) {
  {
    const std::lock_guard lock(mutex_);
    if (idle_ <= waiting_.size() && !stopping_) {
      if (workers_ < most_threads_) {
        // Without another thread, those that run will come to it.
        if (StartThread(&SlowLane::Run)) ++workers_;
      } else if (!watched_) {
        watched_ = StartThread(&SlowLane::Watch);
      }
    }
    if (workers_ > 0 && !stopping_) {
      waiting_.push_back(std::make_shared<const Task>(
          Task{std::exchange(task, nullptr), std::move(hopeless)}));
    }
  }
  changed_.notify_all();
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
    task->run();
    lock.lock();
  }
}

SlowLane::Tasks SlowLane::TakeHopeless() {
  Tasks all;
  {
    const std::lock_guard lock(mutex_);
    all = waiting_;
  }
  all.remove_if([](const auto& task) { return !task->hopeless(); });
  const std::lock_guard lock(mutex_);
  all.remove_if([this](const auto& task) {  // its turn came meanwhile
    return std::erase(waiting_, task) == 0;
  });
  return all;
}

void SlowLane::Watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    changed_.wait_for(lock, kLookAgain, [this] { return stopping_.load(); });
    lock.unlock();
    for (const auto& task : TakeHopeless()) task->run();
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
