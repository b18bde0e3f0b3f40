// SPDX-License-Identifier: Apache-2.0
// The policy of a mount: loaded, and fit for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/settings/load_policy.h"
#include "app/settings/mount_settings.h"
#include "appraise/floors.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"
#include "trust/revocations.h"

namespace assayfs {

// Reads the policy that settings name and binds what they bind. It must pass
// what it asks of policies itself, and what judge does, the policy that is in
// force, null if there is none. A signature by a key that is revoked is none.
// Errors: those of LoadPolicy and AppraisePolicy; EINVAL for a policy without a
// rule, one that would deny every file, or one that
// binds what such a mount cannot know.
Result<LoadedPolicy> LoadMountPolicy(const MountSettings& settings,
                                     const SignatureVerifier& keys,
                                     const Revocations& revocations,
                                     const Policy* judge);

// Says whether a policy can take the place of another in a mount that judges at
// that point and was made for binding what made_for says.
// Errors: EINVAL if it asks for more.
Result<void> CheckFitsMount(EnforceAt at, const Binding& made_for,
                            const Policy& policy);

// The floor that a file of a policy has once it is in force.
struct PolicyFloor {
  std::string name;
  std::string version;
};
// None for a file without a version, and for one that is not signed, whose
// version could be any.
std::vector<PolicyFloor> FloorsOf(const LoadedPolicy& loaded);

// Returns the version below which none of this name may follow; empty if there
// is none.
std::string FloorFor(const Floors& floors, const Policy& policy);

// Says whether no file of a policy is older than one of its name that was in
// force before. Errors: EKEYREJECTED if one is.
Result<void> CheckPolicyFloors(const Floors& floors,
                               const LoadedPolicy& loaded);

}  // namespace assayfs
