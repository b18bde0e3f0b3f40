// SPDX-License-Identifier: Apache-2.0
// SoftwareTpm: a TPM of its own, by swtpm(8).
#include "app/scenario/processes/software_tpm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "app/control/control_socket.h"
#include "app/run/execute.h"
#include "app/scenario/processes/children.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

constexpr std::chrono::milliseconds kStartLimit{30'000};
constexpr char kProgram[] = "swtpm";

bool Answers(const std::string& socket_path) {
  const auto address = SocketAddress(socket_path);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return address &&
         ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address),
                   sizeof(*address)) == 0;
}

[[noreturn]] void RunProgram(const std::string& folder,
                             const std::string& socket, pid_t parent) {
  EndWithParent(parent);
  // What a terminal sends is for us: we end it when all is done.
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int stream : {0, 1, 2}) ::dup2(null.get(), stream);
  const std::string server = "type=unixio,path=" + socket;
  std::vector<std::string> words = {kProgram,
                                    "socket",
                                    "--tpm2",
                                    "--tpmstate",
                                    "dir=" + folder,
                                    "--server",
                                    server,
                                    "--ctrl",
                                    server + ".ctrl",
                                    "--flags",
                                    "not-need-init,startup-clear"};
  ::execvp(kProgram, Pointers(words).data());
  ::_exit(127);
}

}  // namespace

bool SoftwareTpm::Available() {
  const char* const search = std::getenv("PATH");
  std::string_view rest = search == nullptr ? "" : search;
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    const std::string path = std::string(folder) + "/" + kProgram;
    if (::access(path.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  return false;
}

Result<std::unique_ptr<SoftwareTpm>> SoftwareTpm::Start(
    const std::string& folder) {
  if (!Available()) return Fail(ENOENT, "swtpm is not installed");
  const std::string socket = folder + "/socket";
  const auto address = SocketAddress(socket + ".ctrl");
  if (!address) return Fail(address.error());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork"));
  if (child == 0) RunProgram(folder, socket, parent);
  std::unique_ptr<SoftwareTpm> tpm(new SoftwareTpm(socket, child));
  const bool answers = WaitUntil(
      [&] {
        if (ReapWithin(child, {})) tpm->child_ = 0;
        return tpm->child_ == 0 ||
               (Answers(socket) && Answers(socket + ".ctrl"));
      },
      kStartLimit);
  if (tpm->child_ == 0) return Fail(EIO, "swtpm ended at once");
  if (!answers) return Fail(ETIMEDOUT, "swtpm does not answer");
  return tpm;
}

SoftwareTpm::~SoftwareTpm() {
  if (child_ > 0) EndChild(child_);
}

}  // namespace assayfs
