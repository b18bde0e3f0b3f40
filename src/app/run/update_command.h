// SPDX-License-Identifier: Apache-2.0
// Running one command where a judged tree is writable.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Moves to a mount namespace of its own, has the daemon of the mount at
// mount_point serve it a writable mount there, and runs command with that in
// place of the other. control: the daemon's socket if not empty.
// Returns the exit status of command, 128 + N if signal N ended it, 126 if it
// may not be run and 127 if it is not found.
// REQUIRES: the process has one thread.
// Errors: EPERM without root; those of open(2), unshare(2) and mount(2), naming
// the place; those of AskMount.
Result<int> RunUpdate(const std::string& mount_point,
                      const std::string& control,
                      const std::vector<std::string>& command);

}  // namespace assayfs
