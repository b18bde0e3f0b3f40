// SPDX-License-Identifier: Apache-2.0
// The words of a line of a policy.
#include "policy/rule_words.h"

#include <algorithm>

namespace assayfs {
namespace {

constexpr std::string_view kBlanks = " \t\r";

// Returns where the word that begins at from ends.
std::size_t EndOfWord(std::string_view line, std::size_t from) {
  std::size_t at = from;
  while (at < line.size() && kBlanks.find(line[at]) == std::string_view::npos) {
    // The end of a line is none that a word could have.
    const bool takes_next =
        line[at] == '\\' && at + 1 < line.size() && line[at + 1] != '\r';
    at += takes_next ? 2 : 1;
  }
  return at;
}

}  // namespace

std::vector<RuleWord> WordsOf(std::string_view line) {
  std::vector<RuleWord> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    if (line[at] == '#') break;
    const std::size_t end = EndOfWord(line, at);
    words.push_back({line.substr(at, end - at), static_cast<unsigned>(at) + 1});
    at = end;
  }
  return words;
}

}  // namespace assayfs
