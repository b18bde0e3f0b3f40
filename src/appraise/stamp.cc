// SPDX-License-Identifier: Apache-2.0
// Stamp: taking it from a lower file.
#include "appraise/stamp.h"

namespace assayfs {
namespace {

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileId IdOf(const struct stat& info, const std::optional<FileHandle>& handle) {
  return {info.st_dev, info.st_ino, handle ? handle->hash() : 0};
}

Stamp StampOf(const struct stat& info) {
  return {.size_bytes = static_cast<std::uint64_t>(info.st_size),
          .mtime_ns = Nanoseconds(info.st_mtim),
          .ctime_ns = Nanoseconds(info.st_ctim)};
}

Result<IdAndStamp> StampFile(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(Error::FromErrno("fstat"));
  return IdAndStamp{IdOf(info, FileHandle::Of(fd)), StampOf(info),
                    S_ISREG(info.st_mode)};
}

}  // namespace assayfs
