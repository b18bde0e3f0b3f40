// SPDX-License-Identifier: Apache-2.0
// FuseLoop: starting threads, and ending them.
#include "fs/fuse_loop.h"

#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

// A signal that comes just before a thread starts to wait is lost, so it is
// sent again after this time.
constexpr std::chrono::milliseconds kKickAgain{5};

// How long a thread leaves the kernel alone that had no memory for a request.
constexpr std::chrono::milliseconds kMemoryPause{1};

int KickSignal() { return SIGRTMIN + 2; }

// Without SA_RESTART, so that the waiting ends.
void InstallKick() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(KickSignal(), &action, nullptr);
}

// Signals that end a program are for the thread that expects them.
void ChooseSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    sigaddset(&set, number);
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  sigemptyset(&set);
  sigaddset(&set, KickSignal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// libfuse allocates it for the first request.
struct RequestBuffer {
  RequestBuffer() = default;
  RequestBuffer(const RequestBuffer&) = delete;
  RequestBuffer& operator=(const RequestBuffer&) = delete;
  ~RequestBuffer() { std::free(buf.mem); }

  fuse_buf buf{};
};

// FUSE_TMPFILE, which libfuse does not know, asks and is answered exactly like
// FUSE_CREATE, with O_TMPFILE among the flags. Source: fs/fuse/dir.c of Linux,
// fuse_create_open.
void TakeTmpfileForCreate(const fuse_buf& request) {
  if (request.size < sizeof(fuse_in_header)) return;
  char* const place =
      static_cast<char*>(request.mem) + offsetof(fuse_in_header, opcode);
  std::uint32_t opcode = 0;
  std::memcpy(&opcode, place, sizeof(opcode));
  if (opcode != FUSE_TMPFILE) return;
  opcode = FUSE_CREATE;
  std::memcpy(place, &opcode, sizeof(opcode));
}

}  // namespace

int FuseLoop::Run() {
  InstallKick();
  std::unique_lock lock(mutex_);
  if (!StartWorker()) return EAGAIN;
  changed_.wait(lock, [this] { return ending_; });
  while (running_ > 0) {
    for (Worker& worker : workers_) {
      if (worker.finished) continue;
      pthread_kill(worker.thread.native_handle(), KickSignal());
    }
    changed_.wait_for(lock, kKickAgain, [this] { return running_ == 0; });
  }
  for (Worker& worker : workers_) worker.thread.join();
  workers_.clear();
  return error_;
}

void FuseLoop::Stop() { End(0); }

void FuseLoop::End(int error) {
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) error_ = error;
    ending_ = true;
  }
  fuse_session_exit(session_);
  changed_.notify_all();
}

bool FuseLoop::StartWorker() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (!worker->finished) {
      ++worker;
      continue;
    }
    worker->thread.join();  // it asks for nothing any more
    worker = workers_.erase(worker);
  }
  Worker& worker = workers_.emplace_back();
  try {
    worker.thread = std::thread([this, &worker] { Work(worker); });
  } catch (const std::system_error&) {
    workers_.pop_back();
    return false;
  }
  ++running_;
  ++waiting_;
  return true;
}

void FuseLoop::Work(Worker& self) {
  ChooseSignals();
  RequestBuffer buffer;
  fuse_buf& request = buffer.buf;
  while (fuse_session_exited(session_) == 0) {
    const int got = fuse_session_receive_buf(session_, &request);
    if (got == -EINTR || got == -EAGAIN) continue;
    if (got == -ENOMEM) {
      // The kernel has answered that one request with an error by itself.
      std::this_thread::sleep_for(kMemoryPause);
      continue;
    }
    if (got <= 0) {
      // So the kernel tells who just took a request that the connection ended.
      End(got == -ECONNABORTED ? 0 : -got);
      break;
    }
    Took();
    TakeTmpfileForCreate(request);
    fuse_session_process_buf(session_, &request);
    if (begun_) std::call_once(has_begun_, begun_);
    if (LeavesAfterRequest(self)) return;
  }
  // If nobody else ended it, libfuse did: another thread just heard that the
  // mount is gone, or the kernel cannot do what was asked of it.
  End(0);
  const std::lock_guard lock(mutex_);
  Finish(self);
}

void FuseLoop::Took() {
  const std::lock_guard lock(mutex_);
  --waiting_;
  // Without another thread the others take the next request when they can.
  if (waiting_ == 0 && running_ < most_ && !ending_) StartWorker();
}

bool FuseLoop::LeavesAfterRequest(Worker& self) {
  const std::lock_guard lock(mutex_);
  if (waiting_ < keep_) {
    ++waiting_;
    return false;
  }
  // From here on it counts for nothing, or others would rely on it.
  Finish(self);
  return true;
}

void FuseLoop::Finish(Worker& self) {
  self.finished = true;
  --running_;
  changed_.notify_all();
}

}  // namespace assayfs
