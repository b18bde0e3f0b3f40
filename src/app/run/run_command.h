// SPDX-License-Identifier: Apache-2.0
// Running one command inside a judged root file system.
#pragma once

#include <string>
#include <vector>

#include "app/settings/mount_settings.h"
#include "base/result.h"

namespace assayfs {

// Starts a daemon that shows settings.lower over itself, in a mount namespace
// that only we see, and runs command in it as root of a new pid namespace. Ends
// the daemon afterwards; nothing stays mounted. A user who is not root gets a
// user namespace first.
// Returns the exit status of command, 128 + N if signal N ended it, 126 if it
// may not be run and 127 if it is not found.
// REQUIRES: the process has one thread.
// Errors: those of the daemon and of unshare(2), mount(2) and pivot_root(2).
Result<int> RunJudged(const MountSettings& settings,
                      const std::vector<std::string>& command);

}  // namespace assayfs
