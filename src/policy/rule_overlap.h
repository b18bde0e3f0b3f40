// SPDX-License-Identifier: Apache-2.0
// Which uses rules match, compared with one another.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule.h"

namespace assayfs {

// Occasions, each with one of the masks that it comes with: a bit for each.
using Occasions = std::bitset<15>;

// Returns on which of them the rule may match; none if it never does.
// Threads: pure function.
Occasions OccasionsOf(const Rule& rule);

// Says whether a pattern matches every text of this kind that there is.
// Threads: pure function.
bool MatchesEvery(TextFact which, std::string_view glob);

// A rule, with what its patterns begin with: found once for all comparisons.
struct ComparedRule {
  struct Prefix {
    std::string text;
    bool all = false;  // the pattern matches nothing else
  };
  // rule: borrowed.
  explicit ComparedRule(const Rule& rule);

  const Rule& rule;
  std::array<std::vector<Prefix>, kTextCount> prefixes;  // as TextSet::globs
};

// Says whether wide accepts all that narrow accepts, whatever the occasion.
// Only yes is certain, and only for uses of which all is known that is asked.
// Threads: pure function.
bool AcceptsAllOf(const ComparedRule& wide, const ComparedRule& narrow);

// Says whether some use may be accepted by both, whatever the occasion. Only no
// is certain. Threads: pure function.
bool MayAcceptSame(const ComparedRule& one, const ComparedRule& other);

}  // namespace assayfs
