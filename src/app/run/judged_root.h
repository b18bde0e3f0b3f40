// SPDX-License-Identifier: Apache-2.0
// Making a judged tree the root of a process, with proc, dev and tmp.
#pragma once

#include <string>

#include "base/result.h"

namespace assayfs {

// Moves this process to a new mount namespace whose root is the mount at root,
// and mounts what programs need onto folders of the tree: proc, a small dev
// with pts and shm, and tmp. A folder that the tree lacks is left out and
// named on stderr. Call it in the pid namespace that proc is to show.
// Errors: those of mount(2) and pivot_root(2), naming the place.
Result<void> EnterJudgedRoot(const std::string& root);

}  // namespace assayfs
