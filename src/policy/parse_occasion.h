// SPDX-License-Identifier: Apache-2.0
// The words of a rule that say on which occasion it is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/rule.h"

namespace assayfs {

// Each reads the value of func= or mask= into rule. Returns what it does not
// mean here, as ParseCondition. Errors: EINVAL for a value that is not known;
// EOPNOTSUPP for an occasion that no file system sees. Threads: pure functions.
Result<std::string> ParseFunc(std::string_view value, Rule& rule);
Result<std::string> ParseMask(std::string_view value, Rule& rule);

}  // namespace assayfs
