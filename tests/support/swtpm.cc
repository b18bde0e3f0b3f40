// SPDX-License-Identifier: Apache-2.0
// Swtpm: a software TPM of its own for one test.
#include "support/swtpm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include "base/unique_fd.h"

namespace assayfs::testing {

bool Swtpm::Available() {
  const char* search = std::getenv("PATH");
  std::string rest = search == nullptr ? "" : search;
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    if (::access((folder + "/swtpm").c_str(), X_OK) == 0) return true;
    rest.erase(0, folder.size() + 1);
  }
  return false;
}

Swtpm::Swtpm() { Start(); }

Swtpm::~Swtpm() { Stop(); }

bool Swtpm::Answers(const std::string& socket_path) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)) == 0;
}

void Swtpm::Start() {
  const std::string state = "dir=" + dir_.path().string();
  const std::string server = "type=unixio,path=" + socket_;
  const std::string control = server + ".ctrl";
  std::filesystem::remove(socket_);
  std::filesystem::remove(socket_ + ".ctrl");
  const char* const arguments[] = {"swtpm",
                                   "socket",
                                   "--tpm2",
                                   "--tpmstate",
                                   state.c_str(),
                                   "--ctrl",
                                   control.c_str(),
                                   "--server",
                                   server.c_str(),
                                   "--flags",
                                   "not-need-init,startup-clear",
                                   nullptr};
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // Not even a test program that crashes leaves it behind.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    // A test may have blocked the signal that ends it.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null_fd = ::open("/dev/null", O_RDWR);
    ::dup2(null_fd, STDOUT_FILENO);
    ::dup2(null_fd, STDERR_FILENO);
    ::execvp("swtpm", const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  const auto limit =
      std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!Answers(socket_) || !Answers(socket_ + ".ctrl")) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0 ||
        std::chrono::steady_clock::now() > limit) {
      std::cerr << "swtpm does not start\n";
      std::abort();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Swtpm::Stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Swtpm::Hide() { std::filesystem::rename(socket_, socket_ + ".hidden"); }

void Swtpm::Show() { std::filesystem::rename(socket_ + ".hidden", socket_); }

}  // namespace assayfs::testing
