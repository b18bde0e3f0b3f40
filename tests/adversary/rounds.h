// SPDX-License-Identifier: Apache-2.0
// Rounds: all threads attack and read; then, with all of them gone, what was
// put back must be allowed again.
#pragma once

#include "adversary/arena.h"

namespace adversary {

// Makes the files of the test in a lower folder: those that lists are made of,
// and those that are attacked. Returns whether that worked.
bool Prepare(const Arena& arena);

// Attacks until the time is over.
void Run(Arena& arena);

}  // namespace adversary
