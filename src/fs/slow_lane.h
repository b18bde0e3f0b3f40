// SPDX-License-Identifier: Apache-2.0
// SlowLane: threads for requests that may take long.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
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
  // hopeless: asked now and then while the task waits for its turn. Once it
  // says yes, the task does not wait any longer: it has little left to do.
  void Add(std::function<void()> task, std::function<bool()> hopeless);

  // Makes stopping() true and returns when all tasks are done.
  void Stop();

  // Tasks ask this now and then, and end when it is true.
  bool stopping() const { return stopping_; }

 private:
  struct Task {
    std::function<void()> run;
    std::function<bool()> hopeless;
  };
  using Tasks = std::list<std::shared_ptr<const Task>>;
  void Run();
  void Watch();
  Tasks TakeHopeless();
  bool StartThread(void (SlowLane::*work)());

  const unsigned most_threads_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Tasks waiting_;
  std::vector<std::thread> threads_;
  unsigned workers_ = 0;
  unsigned idle_ = 0;
  bool watched_ = false;  // one of the threads looks after those that wait
};

}  // namespace assayfs
