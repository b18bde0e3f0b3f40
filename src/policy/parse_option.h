// SPDX-License-Identifier: Apache-2.0
// Options: the words of a rule that say what must be so, or what follows.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/parse_values.h"
#include "policy/rule.h"

namespace assayfs {

// Each reads the value of one option into rule; see assayfs-policy(5). Returns
// what it does not mean here, as ParseCondition. Errors: EINVAL for a value
// that is not known. Threads: pure functions.
Result<std::string> ParseDigestType(std::string_view value, Rule& rule);
Result<std::string> ParseDigestCache(std::string_view value, Rule& rule);
Result<std::string> ParseAlgorithms(std::string_view values,
                                    const NamedSets& sets, Rule& rule);
Result<std::string> ParsePcr(std::string_view value, Rule& rule);
Result<std::string> ParseBind(std::string_view values, const NamedSets& sets,
                              Rule& rule);
// Of these, every value has the same effect.
Result<std::string> ParseTemplate(std::string_view value);
Result<std::string> ParseAppraiseType(std::string_view value);
Result<std::string> ParseFlag(std::string_view value);

}  // namespace assayfs
