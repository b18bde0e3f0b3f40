// SPDX-License-Identifier: Apache-2.0
// A program at any path, for rules that ask for the asker's program.
#pragma once

#include <string>

#include "base/result.h"

namespace assayfs {

// Moves this process to a mount namespace of its own, in which path is a copy
// of cat(1). The folder above it that is there is covered, and shows nothing
// else.
// Errors: EINVAL for a path below "/proc", "/dev" or "/sys", with a link on its
// way, or whose first folder is not there; those of mount(2), unshare(2) and
// writing.
Result<void> PutStandIn(const std::string& path);

// Becomes it, with a file as its argument and "C" as its language. Errors:
// those of execve(2), EINVAL if what it needs was covered.
Error BecomeStandIn(const std::string& path, const std::string& file);

}  // namespace assayfs
