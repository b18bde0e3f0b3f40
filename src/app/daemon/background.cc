// SPDX-License-Identifier: Apache-2.0
// Starting the daemon as a child, and waiting until it is ready.
#include "app/daemon/background.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "app/report.h"
#include "base/numbers.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

// What the child sends: nothing but "ready", or an errno code, a colon and a
// message.
constexpr std::string_view kReady = "ready";

void Detach() {
  ::openlog("assayfs", LOG_PID, LOG_AUTHPRIV);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int stream : {0, 1, 2}) ::dup2(null.get(), stream);
}

void Send(int socket, std::string_view text) {
  // Without a parent nobody wants to know.
  [[maybe_unused]] const ssize_t sent =
      ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

[[noreturn]] void RunChild(const MountSettings& settings, DaemonLife life,
                           UniqueFd to_parent) {
  ::setsid();
  if (life == DaemonLife::kWithParent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (life == DaemonLife::kDetached && ::chdir("/") != 0) ::_exit(kExitFailed);
  const auto ready = [&] {
    if (life == DaemonLife::kDetached) Detach();
    Send(to_parent.get(), kReady);
    to_parent.Reset();
  };
  const auto records =
      life == DaemonLife::kDetached ? RecordsTo::kSyslog : RecordsTo::kStderr;
  const auto served =
      ServeMount(settings, records, {.ready = ready, .stopping = {}});
  if (served) std::exit(kExitYes);
  if (to_parent) {
    Send(to_parent.get(), std::to_string(served.error().code()) + ":" +
                              served.error().message());
  } else if (life == DaemonLife::kDetached) {
    ::syslog(LOG_AUTHPRIV | LOG_ERR, "%s", served.error().message().c_str());
  } else {
    ReportFailure("daemon", served.error());
  }
  std::exit(kExitFailed);
}

// Reads until the other end closes.
std::string ReadAll(int socket) {
  std::string text;
  char piece[4096];
  while (true) {
    const ssize_t count = ::read(socket, piece, sizeof(piece));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(piece, static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<StartedDaemon> StartDaemon(const MountSettings& settings,
                                  DaemonLife life) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return Fail(Error::FromErrno("socketpair"));
  }
  UniqueFd from_child(pair[0]);
  UniqueFd to_parent(pair[1]);
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork"));
  if (child == 0) {
    from_child.Reset();
    RunChild(settings, life, std::move(to_parent));
  }
  to_parent.Reset();
  const std::string said = ReadAll(from_child.get());
  if (said == kReady) return StartedDaemon{child};

  ::waitpid(child, nullptr, 0);
  const auto colon = said.find(':');
  if (colon == std::string::npos) {
    return Fail(EIO, "the daemon ended before it was ready");
  }
  const auto code = ParseNumber<int>(said.substr(0, colon));
  return Fail(code.value_or(EIO), said.substr(colon + 1));
}

}  // namespace assayfs
