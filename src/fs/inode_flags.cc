// SPDX-License-Identifier: Apache-2.0
// Inode flags: what lsattr(1) shows and chattr(1) sets.
#include "fs/inode_flags.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cstring>

namespace assayfs {
namespace {

template <typename T>
Result<void> Access(int fd, unsigned command, std::span<std::byte> value) {
  T plain{};
  if (value.size() != sizeof(plain)) return Fail(EINVAL, "inode flags: size");
  std::memcpy(&plain, value.data(), sizeof(plain));
  if (::ioctl(fd, command, &plain) != 0) {
    return Fail(Error::FromErrno("inode flags"));
  }
  std::memcpy(value.data(), &plain, sizeof(plain));
  return {};
}

}  // namespace

InodeFlagsAccess InodeFlagsAccessOf(unsigned command) {
  switch (command) {
    case FS_IOC_GETFLAGS:
    case FS_IOC_FSGETXATTR:
      return InodeFlagsAccess::kRead;
    case FS_IOC_SETFLAGS:
    case FS_IOC_FSSETXATTR:
      return InodeFlagsAccess::kWrite;
    default:
      return InodeFlagsAccess::kNone;
  }
}

Result<void> AccessInodeFlags(int fd, unsigned command,
                              std::span<std::byte> value) {
  const bool plain = command == FS_IOC_GETFLAGS || command == FS_IOC_SETFLAGS;
  return plain ? Access<int>(fd, command, value)
               : Access<fsxattr>(fd, command, value);
}

}  // namespace assayfs
