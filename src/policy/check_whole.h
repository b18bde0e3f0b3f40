// SPDX-License-Identifier: Apache-2.0
// What is likely to be wrong with a policy as a whole.
#pragma once

#include <vector>

#include "policy/check_policy.h"
#include "policy/rule.h"

namespace assayfs {

// Rules that some use reaches, in their order.
using ReachedRules = std::vector<const Rule*>;

// Says whether some use on the occasion is appraised. Threads: pure function.
bool AppraiseSome(const ReachedRules& rules, Func func, Mask mask);

// Returns what is missing: rules at all, rules for lists where files are known
// by them, for libraries beside programs, for copies of what the kernel reads.
// reached: of policy. Threads: pure function.
std::vector<PolicyFinding> FindInWhole(const Policy& policy,
                                       const ReachedRules& reached);

}  // namespace assayfs
