// SPDX-License-Identifier: Apache-2.0
// RuleIndex: rules compiled so that the first that matches is found without
// looking at each.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule.h"

namespace assayfs {

// For each thing that rules ask, a table from its value to a row: one bit for
// each rule that accepts the value. Rules that match have their bit in all
// rows. Text is checked last, of rules whose bits are left.
//
// Immutable. Threads: safe.
class RuleIndex {
 public:
  using Row = std::span<const std::uint64_t>;

  explicit RuleIndex(const std::vector<Rule>& rules);

  std::size_t words() const { return words_; }  // in a row

  // Rules for an occasion. The number is the same for the same row.
  std::uint32_t OccasionNumber(Func func, Mask mask) const {
    return occasions_[static_cast<std::size_t>(func)][mask];
  }
  Row Occasion(std::uint32_t number) const { return RowAt(number); }

  // Rules that accept a number, or all that demand, where it is not known.
  // Nothing where no rule asks.
  std::optional<Row> OfNumber(NumberFact which,
                              std::optional<std::uint32_t> value) const;

  // Rules that may accept a path, among them all that do not ask for it.
  Row OfPath(std::string_view path) const;
  bool asks_for_path() const { return !prefixes_.empty(); }

  // Rules of a kind, both those that demand and that except.
  Row OfKind(ActionClass kind) const {
    return kinds_[static_cast<std::size_t>(kind)];
  }

 private:
  using Bits = std::vector<std::uint64_t>;
  // Numbers from start, up to the next start, have this row.
  struct Step {
    std::uint32_t start;
    std::uint32_t row;
  };
  // What some pattern of paths begins with, and no other in between.
  struct Prefix {
    std::string text;
    std::int32_t shorter;  // the longest other that this one begins with; or -1
    std::uint32_t row;     // of rules with this or a shorter one
  };

  Row RowAt(std::uint32_t number) const {
    return {rows_.data() + std::size_t{number} * words_, words_};
  }
  std::uint32_t AddRow(const Bits& bits);
  void AddNumber(NumberFact which, const std::vector<Rule>& rules);
  void AddPaths(const std::vector<Rule>& rules);

  std::size_t words_ = 0;
  std::vector<std::uint64_t> rows_;
  std::map<Bits, std::uint32_t> known_rows_;
  std::array<std::array<std::uint32_t, kMaskCount>, kFuncCount> occasions_{};
  std::array<std::vector<Step>, kNumberCount> steps_;
  std::array<std::uint32_t, kNumberCount> unknown_{};
  std::vector<Prefix> prefixes_;  // sorted
  std::uint32_t any_path_ = 0;    // rules that do not ask, or not how it begins
  std::array<Bits, kActionClassCount> kinds_;
};

}  // namespace assayfs
