// SPDX-License-Identifier: Apache-2.0
// A policy file in the place of a scenario's own rules.
#pragma once

#include <string>

#include "app/scenario/scenario.h"
#include "base/result.h"

namespace assayfs {

// Both take the rules of a policy file, and of what it includes from beside it,
// into a scenario, as they stand there; a signature stays behind. What is
// included takes the place of an include of the scenario with the same name.
// Errors: those of reading, EFBIG over kMaxPolicyBytes, ELOOP for a link where
// none is followed, EBADMSG for a broken signature; EINVAL for an include that
// is neither a name nor a built-in policy, or is called kScenarioPolicy.

// path: below folder, which is not left, and in which no link is followed.
Result<void> TakePolicyBelow(const std::string& folder, const std::string& path,
                             Scenario& scenario);

// The same for a file anywhere, which may be a link; or, if there is one of
// this name, for a built-in policy.
Result<void> TakePolicy(const std::string& name_or_path, Scenario& scenario);

}  // namespace assayfs
