// SPDX-License-Identifier: Apache-2.0
// SlowLane: threads for requests that may take long.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace assayfs {

// Takes what may hash for minutes off the threads that read requests. One of
// those must be free at any time: else nobody would hear that a caller gave
// up, or answer for files that need no hash.
//
// Threads: safe.
class SlowLane {
 public:
  // most_threads: how many tasks run at once, at least 1; the others wait.
  explicit SlowLane(unsigned most_threads) : most_threads_(most_threads) {}
  ~SlowLane() { Stop(); }

  // Runs task soon, on another thread; on this one if there is no other. Every
  // task is run, also after Stop.
  void Add(std::function<void()> task);

  // Makes stopping() true and returns when all tasks are done.
  void Stop();

  // Tasks ask this now and then, and end when it is true.
  bool stopping() const { return stopping_; }

 private:
  void Run();

  const unsigned most_threads_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
};

}  // namespace assayfs
