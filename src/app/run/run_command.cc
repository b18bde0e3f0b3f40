// SPDX-License-Identifier: Apache-2.0
// Running one command inside a judged root file system.
#include "app/run/run_command.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "app/daemon/background.h"
#include "app/report.h"
#include "app/run/execute.h"
#include "app/run/forward_signals.h"
#include "app/run/judged_root.h"
#include "app/run/user_namespace.h"

namespace assayfs {
namespace {

// What of the caller's environment makes sense inside; paths do not.
std::vector<std::string> MakeEnvironment() {
  std::vector<std::string> variables = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/root", "USER=root", "LOGNAME=root"};
  for (const char* name : {"TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"}) {
    if (const char* value = std::getenv(name)) {
      variables.push_back(std::string(name) + "=" + value);
    }
  }
  return variables;
}

[[noreturn]] void ExecuteInside(const std::vector<std::string>& command,
                                const sigset_t& mask) {
  auto variables = MakeEnvironment();
  auto environment = Pointers(variables);
  // The command is looked for in the new PATH, so that it must be ours.
  environ = environment.data();
  Execute("run", command, mask);
}

// Process 1 of the new pid namespace.
[[noreturn]] void RunInit(const std::string& root,
                          const std::vector<std::string>& command,
                          const sigset_t& mask) {
  // Without us nobody would take the exit status, nor end the daemon.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (auto entered = EnterJudgedRoot(root); !entered) {
    ::_exit(ReportFailure("run", entered.error()));
  }
  const pid_t child = ::fork();
  if (child < 0) ::_exit(ReportFailure("run", Error::FromErrno("fork")));
  if (child == 0) ExecuteInside(command, mask);
  ::_exit(WaitForwarding(child, Orphans::kReap));
}

Result<void> EnterNamespaces() {
  if (::geteuid() != 0) {
    if (auto entered = EnterUserNamespace(); !entered) return entered;
  }
  if (::unshare(CLONE_NEWNS) != 0) {
    return Fail(Error::FromErrno("mount namespace"));
  }
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Fail(Error::FromErrno("making mounts private"));
  }
  return {};
}

Result<int> RunInPidNamespace(const std::string& root,
                              const std::vector<std::string>& command) {
  const sigset_t mask = BlockForwardedSignals();
  if (::unshare(CLONE_NEWPID) != 0) {
    return Fail(Error::FromErrno("pid namespace"));
  }
  const pid_t init = ::fork();
  if (init < 0) return Fail(Error::FromErrno("fork"));
  if (init == 0) RunInit(root, command, mask);
  return WaitForwarding(init, Orphans::kLeave);
}

}  // namespace

Result<int> RunJudged(const MountSettings& settings,
                      const std::vector<std::string>& command) {
  if (auto entered = EnterNamespaces(); !entered) {
    return Fail(entered.error());
  }
  // Started before the pid namespace, so that its /proc/self stays right.
  const auto daemon = StartDaemon(settings, DaemonLife::kWithParent);
  if (!daemon) return Fail(daemon.error());
  auto status = RunInPidNamespace(settings.mount_point, command);
  ::kill(daemon->pid, SIGTERM);
  while (::waitpid(daemon->pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace assayfs
