// SPDX-License-Identifier: Apache-2.0
// What is put back must be allowed again.
#pragma once

#include "adversary/arena.h"
#include "adversary/random.h"

namespace adversary {

// Puts known content back under each name of a group, in ways that vary, and
// reads it through the mount. REQUIRES: no thread attacks or reads.
void Restore(Arena& arena, Group& group, Random& random);

}  // namespace adversary
