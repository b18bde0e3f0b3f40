// SPDX-License-Identifier: Apache-2.0
// Conditions and options: the words of a rule behind its action.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/parse_values.h"
#include "policy/rule.h"

namespace assayfs {

// A word "NAME=VALUE", or "NAME<VALUE" and the like.
struct ConditionWord {
  std::string_view name;
  std::string_view relation;  // "=", "!=", "<", ">"; empty if there is only a
                              // name
  std::string_view value;
};
ConditionWord SplitCondition(std::string_view word);

// Reads a word into rule, whose action is known. Returns in words what it does
// not mean here, although it is accepted; nothing if it means all.
// Errors: EINVAL for a word that is not known, is not for such a rule, or has a
// wrong value; EOPNOTSUPP for what Linux knows and a FUSE server cannot tell,
// saying why. Threads: pure function.
Result<std::string> ParseCondition(const ConditionWord& word,
                                   const NamedSets& sets, Rule& rule);

}  // namespace assayfs
