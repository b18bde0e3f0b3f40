// SPDX-License-Identifier: Apache-2.0
// Children of this process: waiting for them, and ending them.
#include "app/scenario/processes/children.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/unique_fd.h"

namespace assayfs {
namespace {

constexpr std::chrono::milliseconds kEndLimit{30'000};

std::optional<int> Reap(pid_t child, int flags) {
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(child, &status, flags);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == 0) return std::nullopt;
  return status;
}

}  // namespace

std::optional<int> ReapWithin(pid_t child, std::chrono::milliseconds limit) {
  // Readable once the child has ended.
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd ended = {handle.get(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + limit;
  for (auto left = limit; left.count() >= 0;) {
    if (::poll(&ended, 1, static_cast<int>(left.count())) >= 0) break;
    if (errno != EINTR) break;
    left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
  }
  return Reap(child, WNOHANG);
}

int EndChild(pid_t child) {
  ::kill(child, SIGTERM);
  if (const auto status = ReapWithin(child, kEndLimit)) return *status;
  ::kill(child, SIGKILL);
  return Reap(child, 0).value_or(0);
}

void KillChild(pid_t child) {
  ::kill(child, SIGKILL);
  Reap(child, 0);
}

void EndWithParent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
}

bool WaitUntil(const std::function<bool()>& holds,
               std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace assayfs
