// SPDX-License-Identifier: Apache-2.0
// What may be meant by a word that is not known.
#include "policy/near_word.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace assayfs {
namespace {

constexpr std::size_t kMostDifferent = 2;
constexpr std::size_t kLongest = 64;  // of words that are compared

// Without what is easily written another way.
std::string Plain(std::string_view word) {
  std::string plain;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

// Returns how many bytes must be put in, left out or changed.
std::size_t Distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t before = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t changed = before + (one[i] == other[j] ? 0 : 1);
      before = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, before + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearWord(std::string_view word,
                          std::span<const std::string_view> known) {
  if (word.size() > kLongest) return {};
  const std::string plain = Plain(word);
  std::string_view nearest;
  std::size_t least = kMostDifferent + 1;
  for (const std::string_view one : known) {
    const std::size_t distance = Distance(plain, Plain(one));
    // Of a short word two letters are too much of it.
    if (distance >= least || distance * 2 > plain.size()) continue;
    nearest = one;
    least = distance;
  }
  return nearest;
}

std::string WriteInstead(std::string_view word,
                         std::span<const std::string_view> known) {
  std::string text = "; write ";
  const std::string_view near = NearWord(word, known);
  if (!near.empty()) return text.append(near);
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) text += i + 1 < known.size() ? ", " : " or ";
    text += known[i];
  }
  return text;
}

}  // namespace assayfs
