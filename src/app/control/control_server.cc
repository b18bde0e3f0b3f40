// SPDX-License-Identifier: Apache-2.0
// ControlServer: answers requests on a Unix socket.
#include "app/control/control_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "app/control/control_socket.h"

namespace assayfs {
namespace {

constexpr std::chrono::milliseconds kClientLimit{2000};

// Removes a socket that nobody listens on. Errors: EADDRINUSE if somebody does.
Result<void> RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  // A link is what a daemon with a socket elsewhere left, see ControlLink.
  if (!S_ISSOCK(info.st_mode) && !S_ISLNK(info.st_mode)) {
    return Fail(EEXIST, path + ": in the way, and not a socket");
  }
  const UniqueFd probe(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address));
  if (connected == 0 || errno == EAGAIN) {
    return Fail(EADDRINUSE, path +
                                ": another assayfs answers there; stop it, or "
                                "choose another --control");
  }
  ::unlink(path.c_str());
  return {};
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Start(
    const std::string& path, Answer answer) {
  const auto address = SocketAddress(path);
  if (!address) return Fail(address.error());
  if (auto removed = RemoveStale(path, *address); !removed) {
    return Fail(removed.error());
  }
  std::unique_ptr<ControlServer> server(new ControlServer());
  server->path_ = path;
  server->answer_ = std::move(answer);
  server->socket_.Reset(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  server->ending_.Reset(::eventfd(0, EFD_CLOEXEC));
  if (!server->socket_ || !server->ending_) {
    return Fail(Error::FromErrno("control socket"));
  }
  // Set before bind, so that the name never has another mode.
  const int fd = server->socket_.get();
  struct stat info {};
  if (::fchmod(fd, 0600) != 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&*address),
             sizeof(*address)) != 0 ||
      ::listen(fd, 16) != 0 || ::lstat(path.c_str(), &info) != 0) {
    return Fail(Error::FromErrno("control socket " + path));
  }
  server->device_ = info.st_dev;
  server->inode_ = info.st_ino;
  server->thread_ = std::thread([self = server.get()] { self->Run(); });
  return server;
}

ControlServer::~ControlServer() {
  if (!thread_.joinable()) return;
  ::eventfd_write(ending_.get(), 1);
  thread_.join();
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

void ControlServer::Run() const {
  while (true) {
    pollfd waits[2] = {{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                       {.fd = ending_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(waits, 2, -1) < 0) continue;
    if (waits[1].revents != 0) return;
    const UniqueFd client(
        ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) Serve(client.get());
  }
}

void ControlServer::Serve(int client) const {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  if (peer.uid != 0 && peer.uid != ::geteuid()) return;
  UniqueFd passed;
  auto line = ReceiveLine(client, kMaxRequestBytes, kClientLimit, &passed);
  if (!line) return;
  const auto text = answer_({.line = std::move(*line),
                             .descriptor = std::move(passed),
                             .uid = peer.uid,
                             .pid = peer.pid});
  // A client that is gone needs no answer.
  static_cast<void>(SendLine(client, text, kClientLimit));
}

}  // namespace assayfs
