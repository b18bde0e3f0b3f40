// SPDX-License-Identifier: Apache-2.0
// Policies that come with the program.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "policy/parse_policy.h"

namespace assayfs {

struct BuiltInPolicy {
  std::string_view name;
  std::string_view text;  // "%PCR%" stands for the number of a PCR
};
std::span<const BuiltInPolicy> BuiltInPolicies();

// Returns the text of the built-in policy of that name, to be parsed or copied.
// pcr: of the mount. Errors: ENOENT for another name, naming all.
Result<PolicySource> FindBuiltInPolicy(std::string_view name,
                                       std::uint32_t pcr);

}  // namespace assayfs
