// SPDX-License-Identifier: Apache-2.0
// Becoming root in a user namespace of one's own.
#pragma once

#include "base/result.h"

namespace assayfs {

// Moves this process to a new user namespace, in which the caller, and only
// the caller, is root. REQUIRES: the process has one thread.
// Errors: EPERM and others of unshare(2), saying what to do.
Result<void> EnterUserNamespace();

}  // namespace assayfs
