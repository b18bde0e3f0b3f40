// SPDX-License-Identifier: Apache-2.0
// From an O_PATH descriptor to what system calls need in its place.
#pragma once

#include <array>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// The path of an open descriptor of ours, for calls that take no descriptor
// or refuse O_PATH. Following it reaches that very file, whatever its name is
// now; one behind it that is a symbolic link is not followed further.
class FdPath {
 public:
  explicit FdPath(int fd);
  const char* c_str() const { return text_.data(); }

 private:
  std::array<char, 32> text_;
};

// Opens the file behind fd once more, close-on-exec. flags: as for open(2),
// without O_CREAT, O_NOFOLLOW and O_CLOEXEC. Errors: those of open(2).
Result<UniqueFd> Reopen(int fd, int flags);

// The same for reading, without setting the access time if we may: for looking
// at a file, which is no use of it.
Result<UniqueFd> ReopenUnseen(int fd);

}  // namespace assayfs
