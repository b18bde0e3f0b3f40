// SPDX-License-Identifier: Apache-2.0
// UniqueFd: closing.
#include "base/unique_fd.h"

#include <cerrno>

namespace assayfs {

void UniqueFd::Reset(int fd) noexcept {
  if (fd_ >= 0) {
    const int saved = errno;
    ::close(fd_);
    errno = saved;
  }
  fd_ = fd;
}

}  // namespace assayfs
