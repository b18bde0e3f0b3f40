// SPDX-License-Identifier: Apache-2.0
// Inode flags: what lsattr(1) shows and chattr(1) sets.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"

namespace assayfs {

// An ioctl(2) on inode flags, as the kernel passes it on after it has checked
// that the caller may.
enum class InodeFlagsAccess { kNone, kRead, kWrite };

// Says whether a command is one of those, and what it does: FS_IOC_GETFLAGS,
// FS_IOC_SETFLAGS, FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR.
InodeFlagsAccess InodeFlagsAccessOf(unsigned command);

// Does it. fd: of the lower file, not O_PATH, borrowed. value: read or written,
// 4 bytes for flags and sizeof(fsxattr) for the others.
// Errors: EINVAL for a value of another size, those of ioctl(2).
Result<void> AccessInodeFlags(int fd, unsigned command,
                              std::span<std::byte> value);

}  // namespace assayfs
