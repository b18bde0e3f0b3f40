// SPDX-License-Identifier: Apache-2.0
// Whether a mount judges files when they are opened or when they are read.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "fs/session.h"
#include "policy/policy.h"

namespace assayfs {

struct EnforcementPoint {
  EnforceAt at = EnforceAt::kOpen;
  std::string why;  // a few words for people
};

// Whether somebody can change files through the mount.
enum class MountAccess { kReadOnly, kWritable };

// Whether all that is asked of the mount is recorded.
enum class Recording { kNone, kAll };

// wanted: nothing for whichever is possible; at read, if both are.
// Errors: EINVAL if at read was asked for and is not possible, saying why.
// Threads: pure function.
Result<EnforcementPoint> ChooseEnforcementPoint(std::optional<EnforceAt> wanted,
                                                MountAccess access,
                                                Recording recording,
                                                const Policy& policy);

}  // namespace assayfs
