// SPDX-License-Identifier: Apache-2.0
// FuseLoop: the threads that take requests from the kernel.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

struct fuse_session;

namespace assayfs {

// Runs the requests of one session on as many threads as are busy, and one
// more that waits for the next request.
//
// libfuse has a loop too, but no way to end it from outside: its threads wait
// in the kernel, and cancelling one may lose the request that it just took.
// Here a signal interrupts the waiting. Uses SIGRTMIN+2, for which it installs
// a handler that does nothing.
// Threads: Run on one thread, once; Stop from any.
class FuseLoop {
 public:
  // session: borrowed. keep: threads that stay for later when there is less to
  // do, at least 1. most: the limit of threads; further requests wait. begun:
  // called once, when the first request, by which kernel and server agree on
  // what they can do, was answered; may be null.
  FuseLoop(fuse_session* session, unsigned keep, unsigned most,
           std::function<void()> begun = {})
      : session_(session), keep_(keep), most_(most), begun_(std::move(begun)) {}
  FuseLoop(const FuseLoop&) = delete;
  FuseLoop& operator=(const FuseLoop&) = delete;
  ~FuseLoop() = default;

  // Returns 0 when the connection ended or Stop was called, and every request
  // that was taken is answered; an errno if the connection broke, or EAGAIN if
  // no thread could be started.
  int Run();

  void Stop();

 private:
  struct Worker {
    std::thread thread;
    bool finished = false;
  };

  bool StartWorker();  // with the lock held
  void Work(Worker& self);
  void End(int error);  // the first reason counts
  void Took();
  bool LeavesAfterRequest(Worker& self);
  void Finish(Worker& self);  // with the lock held

  fuse_session* session_;
  const unsigned keep_;
  const unsigned most_;
  const std::function<void()> begun_;
  std::once_flag has_begun_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Worker> workers_;
  unsigned running_ = 0;
  unsigned waiting_ = 0;  // of them, for a request; until the end
  bool ending_ = false;
  int error_ = 0;
};

}  // namespace assayfs
