// SPDX-License-Identifier: Apache-2.0
// Glob: patterns of names and paths.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assayfs {

// Grammar, of bytes:
//   glob = *( "**" | "*" | "?" | set | "\" byte | byte )
//   set  = "[" ["!"] 1*( byte | byte "-" byte ) "]"
// "*" stands for any bytes but "/", "**" for any bytes at all, "?" and a set
// for one byte that is not "/". "]" is a member of a set only as its first.

// Errors: EINVAL for a set without an end, or with a range that ends before it
// begins; for a "\" at the end; for nothing at all. Threads: pure function.
Result<void> CheckGlob(std::string_view glob);

// Says whether all of text is as glob says, which must have passed CheckGlob.
// Takes at most about (length of text)^2 steps for each byte of glob between
// two "*"; paths have components of 255 bytes at most. Threads: pure function.
bool GlobMatches(std::string_view glob, std::string_view text);

// Returns how long the piece at the front of glob is that stands for one byte;
// glob must have passed CheckGlob, and not be empty. Threads: pure function.
std::size_t GlobPieceLength(std::string_view glob);

// Returns what everything that glob matches begins with. all: set if that is
// the only thing that it matches. Threads: pure function.
std::string LiteralPrefix(std::string_view glob, bool& all);

}  // namespace assayfs
