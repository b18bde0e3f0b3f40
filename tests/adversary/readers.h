// SPDX-License-Identifier: Apache-2.0
// The oracle: opens through the mount, and what they may show.
#pragma once

#include <string>

#include "adversary/arena.h"
#include "adversary/random.h"

namespace adversary {

// Opens one file of a group through the mount, reads it in some way, and says
// whether that was right. Whoever holds a file open while somebody writes it
// through the mount sees what is written, so such readers are not judged by
// what they saw. There is no such excuse for writers below, but one: a file has
// one set of pages, so who holds it while it becomes another known content sees
// the blocks of that one, too.
void VisitAttacked(Arena& arena, Group& group, Random& random);

// Executes one script of a group, likewise.
void RunAttacked(Arena& arena, Group& group, Random& random);

// Opens or executes a file whose content never changes: it must work.
void VisitQuiet(Arena& arena, const std::string& folder, Random& random);

}  // namespace adversary
