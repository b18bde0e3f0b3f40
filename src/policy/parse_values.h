// SPDX-License-Identifier: Apache-2.0
// Values of conditions: numbers and patterns, and the sets that hold them.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/rule.h"

namespace assayfs {

// Values under a name; see ParsePolicy.
using NamedSets = std::map<std::string, std::vector<std::string>, std::less<>>;

// Numbers and patterns in all conditions together, those of sets each time that
// they are used. Also the members of all sets together.
inline constexpr std::size_t kMaxPolicyValues = 10'000;
inline constexpr std::size_t kMaxGlobBytes = 4096;  // PATH_MAX

// Calls visit with each value between commas; one behind "\" is part of the
// value. "@NAME" stands for those of a set. Errors: EINVAL for an empty value
// and for a set that is not there; EFBIG for more values than a policy may
// have; those of visit. Threads: pure function, but for visit.
Result<void> ForEachValue(
    std::string_view values, const NamedSets& sets,
    const std::function<Result<void>(std::string_view)>& visit);

// Reads "N", or "N-M" for all from N to M, with commas between them. base: 10,
// or 16, where "0x" may come before each number.
// Errors: EINVAL for anything else; those of ForEachValue.
Result<NumberSet> ParseNumbers(std::string_view values, const NamedSets& sets,
                               int base);
// Reads what comes behind "<" or ">". Errors: EINVAL for what is no number, and
// if no number is less, or greater.
Result<NumberSet> ParseLimit(char relation, std::string_view value);

// Reads patterns. Errors: as CheckGlob; EINVAL for a pattern of more than
// kMaxGlobBytes; those of ForEachValue.
Result<std::vector<std::string>> ParseGlobs(std::string_view values,
                                            const NamedSets& sets);

// Returns text between quotation marks, for messages.
std::string Quoted(std::string_view text);

// Returns text with its letters from "A" to "F" in lower case.
std::string LowerHex(std::string text);

}  // namespace assayfs
