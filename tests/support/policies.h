// SPDX-License-Identifier: Apache-2.0
// Policies for tests, from names and from text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "policy/built_in_policies.h"
#include "policy/parse_policy.h"
#include "support/results.h"

namespace assayfs::testing {

inline Policy Parsed(std::string text) {
  return Must(ParsePolicy({"p", std::move(text)}));
}

// For a mount with PCR 12.
inline Policy BuiltIn(std::string_view name) {
  return Must(ParsePolicy(Must(FindBuiltInPolicy(name, 12))));
}

}  // namespace assayfs::testing
