// SPDX-License-Identifier: Apache-2.0
// What is likely to be wrong with one rule, whatever the others are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/check_policy.h"
#include "policy/rule.h"

namespace assayfs {

// Returns a finding about the word of rule that begins with name and a
// relation, such as "exe"; about its line if name is empty.
// Threads: pure function.
PolicyFinding FindingOf(PolicyFinding::Severity severity, const Rule& rule,
                        std::string_view name, std::string text,
                        std::string instead = {});

// Names the line of one rule in a finding about another one.
std::string LineOf(const Rule& rule, const Rule& other);

// Says whether only root can make uses that the rule matches, or files.
bool IsOfRoot(const Rule& rule);

// Returns why no use is ever as the rule asks; nothing if some may be.
// Threads: pure function.
std::optional<PolicyFinding> FindNever(const Rule& rule);

// Returns what is likely to be wrong with a rule that some use reaches:
// conditions that are never known of a list or a policy, or that keep uses from
// being appraised and are easily met on purpose. Threads: pure function.
std::vector<PolicyFinding> FindWeakConditions(const Rule& rule);

// Returns a finding for each pattern that matches no fingerprint, name of a
// list or container. Threads: pure function.
std::vector<PolicyFinding> FindWrongPatterns(const Rule& rule);

}  // namespace assayfs
