// SPDX-License-Identifier: Apache-2.0
// Whether a mount judges files when they are opened or when they are read.
#include "app/daemon/enforcement_point.h"

#include <cerrno>

namespace assayfs {

Result<EnforcementPoint> ChooseEnforcementPoint(std::optional<EnforceAt> wanted,
                                                MountAccess access,
                                                Recording recording,
                                                const Policy& policy) {
  if (wanted == EnforceAt::kOpen) {
    return EnforcementPoint{EnforceAt::kOpen, "asked for"};
  }
  if (recording == Recording::kAll) {
    if (!wanted) {
      return EnforcementPoint{EnforceAt::kOpen, "records what is asked"};
    }
    return Fail(EINVAL,
                "--enforce-at read: --record needs to hear of each open, which "
                "the kernel then does by itself; use auto or open");
  }
  if (access == MountAccess::kWritable) {
    if (!wanted) return EnforcementPoint{EnforceAt::kOpen, "writable mount"};
    return Fail(EINVAL,
                "--enforce-at read: the mount is writable, and what is written "
                "could be read before it is judged; add -o ro, or use auto");
  }
  if (DependsOnOpen(policy)) {
    if (!wanted) {
      return EnforcementPoint{EnforceAt::kOpen,
                              "policy asks who opens a file, or how"};
    }
    return Fail(EINVAL, "--enforce-at read: policy " + policy.name +
                            " asks who opens a file, or how, which is not "
                            "known when it is read; use auto or open");
  }
  if (BindingOf(policy).any()) {
    if (!wanted) {
      return EnforcementPoint{EnforceAt::kOpen,
                              "policy binds content to paths or attributes"};
    }
    return Fail(EINVAL,
                "--enforce-at read: policy " + policy.name +
                    " binds content to paths or attributes, which may change "
                    "while pages are kept; use auto or open");
  }
  return EnforcementPoint{EnforceAt::kRead,
                          wanted ? "asked for" : "read-only mount"};
}

}  // namespace assayfs
