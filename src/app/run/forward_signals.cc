// SPDX-License-Identifier: Apache-2.0
// Waiting for a child while passing signals on to it.
#include "app/run/forward_signals.h"

#include <sys/wait.h>

#include <optional>

namespace assayfs {
namespace {

sigset_t ForwardedSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number :
       {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD}) {
    sigaddset(&set, number);
  }
  return set;
}

// Takes away children that ended; returns the status of the one wanted.
std::optional<int> Reap(pid_t child, Orphans orphans) {
  std::optional<int> found;
  const pid_t which = orphans == Orphans::kReap ? -1 : child;
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(which, &status, WNOHANG);
    if (ended <= 0) return found;
    if (ended != child) continue;
    found = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (orphans == Orphans::kLeave) return found;
  }
}

}  // namespace

sigset_t BlockForwardedSignals() {
  const sigset_t set = ForwardedSet();
  sigset_t old;
  ::sigprocmask(SIG_BLOCK, &set, &old);
  return old;
}

int WaitForwarding(pid_t child, Orphans orphans) {
  const sigset_t set = ForwardedSet();
  while (true) {
    if (const auto status = Reap(child, orphans)) return *status;
    siginfo_t info{};
    if (::sigwaitinfo(&set, &info) < 0) continue;
    if (info.si_signo != SIGCHLD && info.si_code != SI_KERNEL) {
      ::kill(child, info.si_signo);
    }
  }
}

}  // namespace assayfs
