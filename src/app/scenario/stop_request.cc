// SPDX-License-Identifier: Apache-2.0
// StopRequest: signals that ask a process to stop, heeded between two steps.
#include "app/scenario/stop_request.h"

#include <cerrno>
#include <string>

namespace assayfs {
namespace {

// Handlers have no other place to write to.
volatile std::sig_atomic_t last_signal = 0;

void Note(int number) { last_signal = number; }

}  // namespace

StopRequest::StopRequest() {
  last_signal = 0;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction noted {};
    noted.sa_handler = Note;
    noted.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    Before before{number, {}};
    ::sigaction(number, nullptr, &before.action);
    if (before.action.sa_handler == SIG_IGN) continue;
    ::sigaction(number, &noted, nullptr);
    before_.push_back(before);
  }
}

StopRequest::~StopRequest() {
  for (const Before& before : before_) {
    ::sigaction(before.number, &before.action, nullptr);
  }
  last_signal = 0;
}

int StopRequest::Signal() { return last_signal; }

Result<void> StopRequest::Check() {
  const int number = Signal();
  if (number == 0) return {};
  return Fail(EINTR, "stopped by signal " + std::to_string(number));
}

}  // namespace assayfs
