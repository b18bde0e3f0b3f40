// SPDX-License-Identifier: Apache-2.0
// From an O_PATH descriptor to what system calls need in its place.
#include "base/reopen.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace assayfs {

FdPath::FdPath(int fd) {
  constexpr std::string_view kPrefix = "/proc/self/fd/";
  text_.fill('\0');
  std::ranges::copy(kPrefix, text_.begin());
  std::to_chars(text_.data() + kPrefix.size(), text_.data() + text_.size() - 1,
                fd);
}

Result<UniqueFd> Reopen(int fd, int flags) {
  UniqueFd opened(::open(FdPath(fd).c_str(), flags | O_CLOEXEC | O_NOCTTY));
  if (!opened) return Fail(Error::FromErrno("open"));
  return opened;
}

Result<UniqueFd> ReopenUnseen(int fd) {
  auto opened = Reopen(fd, O_RDONLY | O_NOATIME);
  if (opened || opened.error().code() != EPERM) return opened;
  return Reopen(fd, O_RDONLY);
}

}  // namespace assayfs
