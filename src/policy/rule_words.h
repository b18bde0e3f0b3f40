// SPDX-License-Identifier: Apache-2.0
// The words of a line of a policy.
#pragma once

#include <string_view>
#include <vector>

namespace assayfs {

struct RuleWord {
  std::string_view text;
  unsigned column = 0;  // in bytes, from 1
};

// Returns the words of a line, which blanks are between, without its comment.
// A "\" takes the next byte into the word. They point into line.
// Threads: pure function.
std::vector<RuleWord> WordsOf(std::string_view line);

}  // namespace assayfs
