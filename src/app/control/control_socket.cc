// SPDX-License-Identifier: Apache-2.0
// What both ends of the control socket need.
#include "app/control/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>
#include <span>

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

// Room for the descriptors of one message. A sender that passes many has the
// rest closed by the kernel.
struct Passed {
  alignas(cmsghdr) char room[CMSG_SPACE(4 * sizeof(int))];
};

// As recv(2), with MSG_DONTWAIT. Descriptors that nobody wants are closed.
ssize_t Receive(int socket, std::span<char> piece, UniqueFd* passed) {
  Passed ancillary{};
  iovec part = {.iov_base = piece.data(), .iov_len = piece.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (passed != nullptr) {
    message.msg_control = ancillary.room;
    message.msg_controllen = sizeof(ancillary.room);
  }
  const ssize_t count =
      ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (count < 0 || passed == nullptr) return count;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + at, sizeof(fd));
      passed->Reset(fd);
    }
  }
  return count;
}

// As send(2), with MSG_DONTWAIT.
ssize_t Send(int socket, std::string_view text, int descriptor) {
  Passed ancillary{};
  iovec part = {.iov_base = const_cast<char*>(text.data()),
                .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = ancillary.room;
    message.msg_controllen = CMSG_SPACE(sizeof(descriptor));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(descriptor));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
  }
  return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
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
                                std::chrono::milliseconds limit,
                                UniqueFd* passed) {
  const auto end = Clock::now() + limit;
  std::string line;
  char piece[4096];
  while (line.size() <= max_bytes) {
    if (auto ready = WaitFor(socket, POLLIN, end); !ready) {
      return Fail(ready.error());
    }
    const ssize_t count = Receive(socket, piece, passed);
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
                      std::chrono::milliseconds limit, int descriptor) {
  const auto end = Clock::now() + limit;
  const std::string line = std::string(text) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    if (auto ready = WaitFor(socket, POLLOUT, end); !ready) return ready;
    const ssize_t count = Send(socket, std::string_view(line).substr(sent),
                               sent == 0 ? descriptor : -1);
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return Fail(Error::FromErrno("send"));
    }
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace assayfs
