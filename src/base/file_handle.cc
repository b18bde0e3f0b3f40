// SPDX-License-Identifier: Apache-2.0
// FileHandle: name_to_handle_at(2) and open_by_handle_at(2).
#include "base/file_handle.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace assayfs {
namespace {

// struct file_handle with room for the largest handle.
struct LargestHandle {
  alignas(file_handle) std::byte memory[sizeof(file_handle) + MAX_HANDLE_SZ];
  file_handle* get() { return reinterpret_cast<file_handle*>(memory); }
};

}  // namespace

std::optional<FileHandle> FileHandle::Of(int fd) {
  LargestHandle largest;
  file_handle* const raw = largest.get();
  raw->handle_bytes = MAX_HANDLE_SZ;
  FileHandle handle;
  if (::name_to_handle_at(fd, "", raw, &handle.mount_id_, AT_EMPTY_PATH) != 0) {
    return std::nullopt;
  }
  handle.type_ = raw->handle_type;
  handle.bytes_.assign(reinterpret_cast<const char*>(raw->f_handle),
                       raw->handle_bytes);
  return handle;
}

Result<UniqueFd> FileHandle::Open(int mount_fd, int flags) const {
  LargestHandle largest;
  file_handle* const raw = largest.get();
  raw->handle_bytes = static_cast<unsigned>(bytes_.size());
  raw->handle_type = type_;
  std::memcpy(raw->f_handle, bytes_.data(), bytes_.size());
  UniqueFd fd(::open_by_handle_at(mount_fd, raw, flags | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno("file handle"));
  return fd;
}

std::uint64_t FileHandle::hash() const {
  return std::max<std::uint64_t>(std::hash<std::string>{}(bytes_), 1);
}

}  // namespace assayfs
