// SPDX-License-Identifier: Apache-2.0
// The attribute of a file that names the list to look into.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace assayfs {

// The attribute that the kernel's Integrity Digest Cache reads, which only root
// can set, and the one that anybody can set on their own files.
inline constexpr const char* kHintAttribute = "security.digest_list";
inline constexpr const char* kUserHintAttribute = "user.digest_list";

// Returns the hint of the file behind fd, without the NUL that it may end with;
// nothing if there is none. One that is too long for a file name is empty.
// Errors: those of fgetxattr(2).
Result<std::optional<std::string>> ReadHint(int fd, const char* attribute);

// Returns the hint of whichever attribute has one, the first before the other;
// empty if there is none. Nothing that it says may be relied on.
std::string ListHint(int fd);

}  // namespace assayfs
