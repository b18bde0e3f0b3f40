// SPDX-License-Identifier: Apache-2.0
// KernelPassthrough: what libfuse 3.14 does not know of the protocol. Source of
// the numbers: include/uapi/linux/fuse.h of Linux 6.9.
#include "fs/kernel_passthrough.h"

#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

struct BackingMap {
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
constexpr unsigned long kBackingOpen = _IOW(229, 1, BackingMap);
constexpr unsigned long kBackingClose = _IOW(229, 2, std::uint32_t);

constexpr std::uint32_t kInitExt = 1U << 30;      // FUSE_INIT_EXT
constexpr std::uint32_t kPassthrough2 = 1U << 5;  // FUSE_PASSTHROUGH >> 32

// How many file systems may be stacked from the lower file up to here: it must
// not be a stacked one itself, so that one more may be stacked on this.
constexpr std::uint32_t kStackDepth = 1;

// fuse_init_in and fuse_init_out of protocol 7.40, as far as they are used.
struct InitIn {
  std::uint32_t major, minor, max_readahead, flags, flags2;
};
struct InitOut {
  std::uint32_t major, minor, max_readahead, flags, background, max_write,
      time_gran, pages, flags2, max_stack_depth;
};

// fuse_open_out of protocol 7.40, with which an answer to an open ends.
struct OpenOut {
  std::uint64_t handle;
  std::uint32_t flags;
  std::uint32_t backing_id;
};
constexpr std::uint32_t kPassOpen = 1U << 7;  // FOPEN_PASSTHROUGH

// What the open that is being answered on this thread is to use.
thread_local std::uint32_t being_sent = 0;

template <typename T>
std::optional<T> Load(std::span<const char> bytes, std::size_t offset) {
  if (bytes.size() < offset + sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

void CompleteOpen(std::span<char> body) {
  if (body.size() < sizeof(OpenOut)) return;
  const std::size_t place = body.size() - sizeof(OpenOut);
  auto open = Load<OpenOut>(body, place);
  open->flags |= kPassOpen;
  open->backing_id = being_sent;
  std::memcpy(body.data() + place, &*open, sizeof(*open));
}

}  // namespace

BackingFile::~BackingFile() { ::ioctl(fuse_fd_, kBackingClose, &id_); }

struct KernelPassthrough::Wire {
  static KernelPassthrough& Of(void* server) {
    return static_cast<Server*>(server)->passthrough;
  }

  static ssize_t Read(int fd, void* buffer, std::size_t size, void* server) {
    const ssize_t got = ::read(fd, buffer, size);
    if (got > 0) {
      Of(server).LookAtRequest(
          {static_cast<const char*>(buffer), static_cast<std::size_t>(got)});
    }
    return got;
  }

  static ssize_t Write(int fd, iovec* parts, int count, void* server) {
    Of(server).CompleteAnswer({parts, static_cast<std::size_t>(count)});
    return ::writev(fd, parts, count);
  }
};

void KernelPassthrough::LookAtRequest(std::span<const char> request) {
  const auto header = Load<fuse_in_header>(request, 0);
  if (!header || header->opcode != FUSE_INIT) return;
  const auto init = Load<InitIn>(request, sizeof(fuse_in_header));
  const bool offered = init && (init->flags & kInitExt) != 0 &&
                       (init->flags2 & kPassthrough2) != 0;
  if (offered) init_request_ = header->unique;
}

void KernelPassthrough::CompleteAnswer(std::span<const iovec> answer) {
  const bool is_init = init_request_ != 0;
  if ((!is_init && being_sent == 0) || answer.size() != 2) return;
  const std::span<char> head(static_cast<char*>(answer[0].iov_base),
                             answer[0].iov_len);
  const std::span<char> body(static_cast<char*>(answer[1].iov_base),
                             answer[1].iov_len);
  const auto header = Load<fuse_out_header>(head, 0);
  if (!header || header->error != 0) return;
  if (being_sent != 0) {
    CompleteOpen(body);
  } else if (header->unique == init_request_) {
    CompleteInit(body);
  }
}

void KernelPassthrough::CompleteInit(std::span<char> body) {
  auto init = Load<InitOut>(body, 0);
  if (!init) return;
  init->flags |= kInitExt;
  init->flags2 |= kPassthrough2;
  init->max_stack_depth = kStackDepth;
  std::memcpy(body.data(), &*init, sizeof(*init));
  init_request_ = 0;
  agreed_ = true;
}

int SendWithBacking(std::uint32_t backing_id, fuse_file_info handle,
                    const std::function<int(const fuse_file_info&)>& send) {
#ifdef FUSE_CAP_PASSTHROUGH
  handle.backing_id = static_cast<std::int32_t>(backing_id);
  return send(handle);
#else
  being_sent = backing_id;
  const int sent = send(handle);
  being_sent = 0;
  return sent;
#endif
}

Result<void> KernelPassthrough::Offer(fuse_session* session) {
  fuse_fd_ = fuse_session_fd(session);
#ifndef FUSE_CAP_PASSTHROUGH
  const fuse_custom_io io{.writev = Wire::Write,
                          .read = Wire::Read,
                          .splice_receive = nullptr,
                          .splice_send = nullptr};
  if (fuse_session_custom_io(session, &io, fuse_fd_) != 0) {
    return Fail(EINVAL, "libfuse did not take other functions to read with");
  }
#endif
  return {};
}

void KernelPassthrough::Negotiate([[maybe_unused]] fuse_conn_info& connection) {
#ifdef FUSE_CAP_PASSTHROUGH
  if (fuse_fd_ < 0 || (connection.capable & FUSE_CAP_PASSTHROUGH) == 0) return;
  connection.want |= FUSE_CAP_PASSTHROUGH;
  connection.max_backing_stack_depth = kStackDepth;
  agreed_ = true;
#endif
}

std::shared_ptr<const BackingFile> KernelPassthrough::Register(int fd) {
  if (!available()) return nullptr;
  BackingMap map{.fd = fd, .flags = 0, .padding = 0};
  const int id = ::ioctl(fuse_fd_, kBackingOpen, &map);
  if (id > 0) {
    return std::make_shared<const BackingFile>(fuse_fd_,
                                               static_cast<std::uint32_t>(id));
  }
  if (errno == EPERM) refused_ = true;  // it will not change its mind
  return nullptr;
}

}  // namespace assayfs
