// SPDX-License-Identifier: Apache-2.0
// RuleIndex: building the tables, and looking into them.
#include "policy/rule_index.h"

#include <algorithm>
#include <limits>
#include <set>

#include "policy/glob.h"

namespace assayfs {
namespace {

constexpr std::size_t kWordBits = 64;

void Set(std::vector<std::uint64_t>& bits, std::size_t rule) {
  bits[rule / kWordBits] |= std::uint64_t{1} << (rule % kWordBits);
}

}  // namespace

RuleIndex::RuleIndex(const std::vector<Rule>& rules)
    : words_((rules.size() + kWordBits - 1) / kWordBits) {
  for (std::size_t func = 0; func < kFuncCount; ++func) {
    for (Mask mask = 0; mask < kMaskCount; ++mask) {
      Bits bits(words_);
      for (std::size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].IsFor(static_cast<Func>(func), mask)) Set(bits, i);
      }
      occasions_[func][mask] = AddRow(bits);
    }
  }
  kinds_.fill(Bits(words_));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Set(kinds_[static_cast<std::size_t>(ClassOf(rules[i].action))], i);
  }
  for (std::size_t which = 0; which < kNumberCount; ++which) {
    AddNumber(static_cast<NumberFact>(which), rules);
  }
  AddPaths(rules);
  known_rows_.clear();
}

std::uint32_t RuleIndex::AddRow(const Bits& bits) {
  const auto number = static_cast<std::uint32_t>(known_rows_.size());
  const auto [known, is_new] = known_rows_.emplace(bits, number);
  if (is_new) rows_.insert(rows_.end(), bits.begin(), bits.end());
  return known->second;
}

void RuleIndex::AddNumber(NumberFact which, const std::vector<Rule>& rules) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  std::set<std::uint32_t> starts = {0};
  bool asked = false;
  Bits unknown(words_);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& condition = rules[i].number(which);
    if (!condition || Demands(rules[i].action)) Set(unknown, i);
    if (!condition) continue;
    asked = true;
    for (const auto& [first, last] : condition->ranges()) {
      starts.insert(first);
      if (last < kMax) starts.insert(last + 1);
    }
  }
  if (!asked) return;
  const auto at = static_cast<std::size_t>(which);
  unknown_[at] = AddRow(unknown);
  for (const std::uint32_t start : starts) {
    Bits bits(words_);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto& condition = rules[i].number(which);
      if (!condition || condition->Has(start)) Set(bits, i);
    }
    steps_[at].push_back({start, AddRow(bits)});
  }
}

void RuleIndex::AddPaths(const std::vector<Rule>& rules) {
  std::map<std::string, Bits> prefixes;
  Bits any(words_);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& condition = rules[i].text_of(TextFact::kPath);
    if (!condition || condition->excludes) {
      Set(any, i);
      continue;
    }
    for (const std::string& glob : condition->globs) {
      bool all = false;
      auto& bits = prefixes[LiteralPrefix(glob, all)];
      bits.resize(words_);
      Set(bits, i);
    }
  }
  any_path_ = AddRow(any);
  std::vector<const Bits*> own;  // with those of shorter ones
  for (auto& [text, bits] : prefixes) {
    auto shorter = static_cast<std::int32_t>(prefixes_.size()) - 1;
    while (
        shorter >= 0 &&
        !text.starts_with(prefixes_[static_cast<std::size_t>(shorter)].text)) {
      shorter = prefixes_[static_cast<std::size_t>(shorter)].shorter;
    }
    const Bits& more =
        shorter < 0 ? any : *own[static_cast<std::size_t>(shorter)];
    for (std::size_t word = 0; word < words_; ++word) bits[word] |= more[word];
    own.push_back(&bits);
    prefixes_.push_back({text, shorter, AddRow(bits)});
  }
}

std::optional<RuleIndex::Row> RuleIndex::OfNumber(
    NumberFact which, std::optional<std::uint32_t> value) const {
  const auto at = static_cast<std::size_t>(which);
  const std::vector<Step>& steps = steps_[at];
  if (steps.empty()) return std::nullopt;
  if (!value) return RowAt(unknown_[at]);
  const auto after = std::ranges::upper_bound(steps, *value, {}, &Step::start);
  return RowAt(std::prev(after)->row);
}

RuleIndex::Row RuleIndex::OfPath(std::string_view path) const {
  // Whatever lies between a prefix of path and path begins with that prefix.
  const auto after =
      std::ranges::upper_bound(prefixes_, path, {}, &Prefix::text);
  auto at = static_cast<std::int32_t>(after - prefixes_.begin()) - 1;
  while (at >= 0) {
    const Prefix& prefix = prefixes_[static_cast<std::size_t>(at)];
    if (path.starts_with(prefix.text)) return RowAt(prefix.row);
    at = prefix.shorter;
  }
  return RowAt(any_path_);
}

}  // namespace assayfs
