// SPDX-License-Identifier: Apache-2.0
// What both ends of the control socket need.
#include "app/control/control_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace assayfs {
namespace {

using Clock = std::chrono::steady_clock;

// Waits until the socket is ready for events.
Result<void> WaitFor(int socket, short events, Clock::time_point end) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    if (left.count() <= 0) break;
    pollfd wait = {.fd = socket, .events = events, .revents = 0};
    const int count = ::poll(&wait, 1, static_cast<int>(left.count()));
    if (count > 0) return {};
    if (count == 0) break;
    if (errno != EINTR) return Fail(Error::FromErrno("poll"));
  }
  return Fail(ETIMEDOUT, "no answer in time");
}

}  // namespace

Result<sockaddr_un> SocketAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Fail(ENAMETOOLONG,
                path + ": too long for a socket; choose another --control");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<std::string> ReceiveLine(int socket, std::size_t max_bytes,
                                std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  std::string line;
  char piece[4096];
  while (line.size() <= max_bytes) {
    if (auto ready = WaitFor(socket, POLLIN, end); !ready) {
      return Fail(ready.error());
    }
    const ssize_t count = ::recv(socket, piece, sizeof(piece), MSG_DONTWAIT);
    if (count == 0) return Fail(EPIPE, "the connection was closed");
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return Fail(Error::FromErrno("receive"));
    }
    line.append(piece, static_cast<std::size_t>(count));
    const auto newline =
        line.find('\n', line.size() - static_cast<std::size_t>(count));
    if (newline == std::string::npos) continue;
    if (newline > max_bytes) break;
    line.resize(newline);
    return line;
  }
  return Fail(EFBIG, "line over " + std::to_string(max_bytes) + " bytes");
}

Result<void> SendLine(int socket, std::string_view text,
                      std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  const std::string line = std::string(text) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    if (auto ready = WaitFor(socket, POLLOUT, end); !ready) return ready;
    const ssize_t count = ::send(socket, line.data() + sent, line.size() - sent,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return Fail(Error::FromErrno("send"));
    }
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace assayfs
