// SPDX-License-Identifier: Apache-2.0
// Parsing policies: from text to compiled rules.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/parse_values.h"
#include "policy/policy.h"

namespace assayfs {

inline constexpr std::size_t kMaxPolicyBytes = 1
                                               << 20;  // with what it includes
inline constexpr std::size_t kMaxRules = 2048;
// See kMaxPolicyValues, too.
inline constexpr unsigned kMaxIncludes = 8;  // one in another

// A policy before it is parsed.
struct PolicySource {
  std::string name;
  std::string text;
};

// Finds what a line "include WHAT" in the policy called from asks for.
using PolicyIncluder = std::function<Result<PolicySource>(
    const std::string& from, const std::string& what)>;

// Something for which a policy is refused.
struct PolicyMistake {
  PolicyWarning what;  // line and column 0: of the file as a whole
  int code = 0;        // see ParsePolicy
};
inline constexpr std::size_t kMaxMistakes = 100;  // of which is told

// Parses lines:
//   rule    = action *( blanks word )
//   action  = "measure" | "appraise" | "audit" | "hash", or "dont_" before it
//   word    = as in the table of assayfs-policy(5)
//   set     = "set" blanks NAME blanks value *( "," value )
//   include = "include" blanks WHAT
//   version = "version" blanks N      once, N from 1
//   comment = "#" at the beginning of a line or of a word, to the end
// A "\" takes the next byte into the word and the value.
// A value may be "@NAME": those of a set from above. include: null where
// nothing may be included.
// Errors: EINVAL or EOPNOTSUPP with "NAME:LINE:COLUMN: ..." for anything else;
// EFBIG if one of the limits above is passed; those of include, with the place
// before them. The whole text is refused then.
// mistakes: if not null, it becomes all that is wrong, at most kMaxMistakes,
// and is no error; the policy has the lines that are good. Threads: pure
// function, but for include.
Result<Policy> ParsePolicy(PolicySource source,
                           const PolicyIncluder& include = {},
                           std::vector<PolicyMistake>* mistakes = nullptr);

// Returns what the lines "include WHAT" of text name, in their order, with what
// is named twice. Threads: pure function.
std::vector<std::string> IncludedNames(std::string_view text);

}  // namespace assayfs
