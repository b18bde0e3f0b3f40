// SPDX-License-Identifier: Apache-2.0
// What a rule must be when all its words are read.
#pragma once

#include <string>

#include "policy/rule.h"

namespace assayfs {

// Says how many numbers, patterns and algorithms a rule has.
std::size_t ValueCount(const Rule& rule);

// Makes of appraise_algos= with digest_type=verity the digests of fs-verity
// that are made with these algorithms. Returns what is wrong with the rule as
// a whole, and what to write; nothing if it is good. Threads: pure function.
std::string FinishRule(Rule& rule);

}  // namespace assayfs
