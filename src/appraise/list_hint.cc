// SPDX-License-Identifier: Apache-2.0
// Reading the attribute that names a list.
#include "appraise/list_hint.h"

#include <limits.h>
#include <sys/xattr.h>

#include <array>

namespace assayfs {

Result<std::optional<std::string>> ReadHint(int fd, const char* attribute) {
  std::array<char, NAME_MAX + 1> value{};
  const ssize_t size = ::fgetxattr(fd, attribute, value.data(), value.size());
  if (size < 0 && errno == ENODATA) return std::nullopt;
  if (size < 0 && errno == ERANGE) return std::string();
  if (size < 0) return Fail(Error::FromErrno(attribute));
  std::string hint(value.data(), static_cast<std::size_t>(size));
  if (hint.ends_with('\0')) hint.pop_back();
  return hint;
}

std::string ListHint(int fd) {
  for (const char* attribute : {kHintAttribute, kUserHintAttribute}) {
    const auto hint = ReadHint(fd, attribute);
    if (hint && *hint && !(*hint)->empty()) return **hint;
  }
  return {};
}

}  // namespace assayfs
