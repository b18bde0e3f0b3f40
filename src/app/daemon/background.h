// SPDX-License-Identifier: Apache-2.0
// Starting the daemon as a child, and waiting until it is ready.
#pragma once

#include <sys/types.h>

#include "app/daemon/daemon.h"
#include "app/settings/mount_settings.h"
#include "base/result.h"

namespace assayfs {

struct StartedDaemon {
  pid_t pid = -1;
};

// What the daemon does once it is ready.
//   kDetached: leaves terminal and standard streams, and lives on by itself.
//   kWithParent: keeps them, and stops when its parent ends.
enum class DaemonLife { kDetached, kWithParent };

// Forks a daemon in a session of its own and waits until its mount can be
// used. The child's own error is the error here.
// REQUIRES: the process has one thread.
Result<StartedDaemon> StartDaemon(const MountSettings& settings,
                                  DaemonLife life);

}  // namespace assayfs
