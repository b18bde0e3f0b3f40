// SPDX-License-Identifier: Apache-2.0
// StopSignals: hears SIGTERM, SIGINT and SIGHUP on a thread of its own.
#include "app/daemon/stop_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <csignal>
#include <utility>

namespace assayfs {
namespace {

sigset_t StopSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

void BlockStopSignals() {
  sigset_t set = StopSet();
  sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<std::unique_ptr<StopSignals>> StopSignals::Start(
    std::function<void()> stop) {
  std::unique_ptr<StopSignals> signals(new StopSignals());
  signals->stop_ = std::move(stop);
  const sigset_t set = StopSet();
  signals->signals_.Reset(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!signals->signals_) return Fail(Error::FromErrno("signalfd"));
  signals->ending_.Reset(::eventfd(0, EFD_CLOEXEC));
  if (!signals->ending_) return Fail(Error::FromErrno("eventfd"));
  signals->thread_ = std::thread([self = signals.get()] { self->Run(); });
  return signals;
}

StopSignals::~StopSignals() {
  if (!thread_.joinable()) return;
  ::eventfd_write(ending_.get(), 1);
  thread_.join();
}

void StopSignals::Run() const {
  pollfd waits[2] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                     {.fd = ending_.get(), .events = POLLIN, .revents = 0}};
  while (::poll(waits, 2, -1) < 0) {
  }
  if (waits[1].revents == 0) stop_();
}

}  // namespace assayfs
