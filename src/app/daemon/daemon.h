// SPDX-License-Identifier: Apache-2.0
// The daemon: one process that serves one mount.
#pragma once

#include <functional>

#include "app/settings/mount_settings.h"
#include "base/result.h"

namespace assayfs {

// Where records of denials go.
enum class RecordsTo { kStderr, kSyslog };

// Called once each, on any thread.
struct DaemonEvents {
  std::function<void()> ready;     // the mount can be used
  std::function<void()> stopping;  // a stop signal came; may be empty
};

// Mounts and serves, until the mount is gone or a stop signal came (then it is
// unmounted first). Everything that can be wrong is found before anything is
// mounted; lists and keys that were left out are named on stderr.
//
// This process moves to a mount namespace of its own, see OuterMount.
// REQUIRES: the process has one thread, and nobody else uses its signals.
// Errors: those of the parts, for people.
Result<void> ServeMount(const MountSettings& settings, RecordsTo records_to,
                        const DaemonEvents& events);

}  // namespace assayfs
