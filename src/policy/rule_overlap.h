// SPDX-License-Identifier: Apache-2.0
// Which uses rules match, compared with one another.
#pragma once

#include <bitset>
#include <optional>

#include "policy/rule.h"

namespace assayfs {

// Occasions, each with one of the masks that it comes with: a bit for each.
using Occasions = std::bitset<15>;

// Returns on which of them the rule may match; none if it never does.
// Threads: pure function.
Occasions OccasionsOf(const Rule& rule);

// Says whether wide accepts all that narrow accepts, whatever the occasion.
// Only yes is certain, and only for uses of which all is known that is asked.
// Threads: pure function.
bool AcceptsAllOf(const Rule& wide, const Rule& narrow);

// Says whether some use may be accepted by both, whatever the occasion. Only no
// is certain. Threads: pure function.
bool MayAcceptSame(const Rule& one, const Rule& other);

}  // namespace assayfs
