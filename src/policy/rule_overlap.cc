// SPDX-License-Identifier: Apache-2.0
// Which uses rules match: inclusion and overlap of what they accept.
#include "policy/rule_overlap.h"

#include <algorithm>
#include <limits>

#include "policy/glob.h"

namespace assayfs {
namespace {

using Range = NumberSet::Range;

constexpr auto kMaxNumber = std::numeric_limits<std::uint32_t>::max();

struct Occasion {
  Func func;
  Mask mask;
};
// Those that there are. Opens for execution are for nothing else, and those
// that append write; of the rest, reading is all that is done.
constexpr std::array<Occasion, 15> kOccasions = {{
    {Func::kFileCheck, kMayExec},
    {Func::kFileCheck, kMayRead},
    {Func::kFileCheck, kMayWrite},
    {Func::kFileCheck, kMayWrite | kMayAppend},
    {Func::kFileCheck, kMayRead | kMayWrite},
    {Func::kFileCheck, kMayRead | kMayWrite | kMayAppend},
    {Func::kMmapCheck, kMayExec},
    {Func::kBprmCheck, kMayExec},
    {Func::kCredsCheck, kMayExec},
    {Func::kModuleCheck, kMayRead},
    {Func::kFirmwareCheck, kMayRead},
    {Func::kKexecKernelCheck, kMayRead},
    {Func::kKexecInitramfsCheck, kMayRead},
    {Func::kPolicyCheck, kMayRead},
    {Func::kDigestListCheck, kMayRead},
}};

// Says whether the ranges, together, have all numbers from wanted.
bool HaveAll(std::vector<Range> ranges, const Range& wanted) {
  std::ranges::sort(ranges, {}, &Range::first);
  std::uint32_t next = wanted.first;
  for (const Range& range : ranges) {
    if (range.first > next) return false;
    if (range.last >= wanted.last) return true;
    if (range.last >= next) next = range.last + 1;
  }
  return false;
}

bool NumbersTakeAll(const std::optional<NumberSet>& wide,
                    const std::optional<NumberSet>& narrow) {
  if (!wide) return true;
  if (!narrow) return HaveAll(wide->ranges(), {0, kMaxNumber});
  return std::ranges::all_of(narrow->ranges(), [&wide](const Range& range) {
    return HaveAll(wide->ranges(), range);
  });
}

bool NumbersMeet(const std::optional<NumberSet>& one,
                 const std::optional<NumberSet>& other) {
  if (!one || !other) return true;
  return std::ranges::any_of(one->ranges(), [&other](const Range& a) {
    return std::ranges::any_of(other->ranges(), [&a](const Range& b) {
      return a.first <= b.last && b.first <= a.last;
    });
  });
}

// Says whether wide matches all that narrow matches. Only yes is certain.
// prefix: of narrow, with all, as by LiteralPrefix.
bool GlobTakesAll(std::string_view wide, std::string_view narrow,
                  std::string_view prefix, bool all) {
  if (wide == narrow) return true;
  if (all) return GlobMatches(wide, prefix);
  if (!wide.ends_with("**")) return false;
  wide.remove_suffix(2);
  return wide.find_first_of("*?[\\") == std::string_view::npos &&
         prefix.starts_with(wide);
}

// Says whether some text may be matched by both. Only no is certain.
bool GlobsMeet(std::string_view one, std::string_view other) {
  bool one_is_all = false;
  bool other_is_all = false;
  const std::string a = LiteralPrefix(one, one_is_all);
  const std::string b = LiteralPrefix(other, other_is_all);
  if (one_is_all) return GlobMatches(other, a);
  if (other_is_all) return GlobMatches(one, b);
  return a.starts_with(b) || b.starts_with(a);
}

using Globs = std::vector<std::string>;

// Says whether each of narrow is within one of wide.
bool GlobsTakeAll(const Globs& wide, const Globs& narrow) {
  return std::ranges::all_of(narrow, [&wide](const std::string& glob) {
    bool all = false;
    const std::string prefix = LiteralPrefix(glob, all);
    return std::ranges::any_of(wide, [&](const std::string& other) {
      return GlobTakesAll(other, glob, prefix, all);
    });
  });
}

bool AnyMeet(const Globs& one, const Globs& other) {
  return std::ranges::any_of(one, [&other](const std::string& a) {
    return std::ranges::any_of(
        other, [&a](const std::string& b) { return GlobsMeet(a, b); });
  });
}

// Of a path there may be two spellings: both rules may be right, each about
// another one, although no text is matched by both.
bool HasOneSpelling(TextFact which) { return which != TextFact::kPath; }

bool TextsTakeAll(TextFact which, const std::optional<TextSet>& wide,
                  const std::optional<TextSet>& narrow) {
  if (!wide) return true;
  if (!narrow || narrow->excludes != wide->excludes) {
    if (!wide->excludes) return std::ranges::count(wide->globs, "**") > 0;
    return narrow && HasOneSpelling(which) &&
           !AnyMeet(wide->globs, narrow->globs);
  }
  return wide->excludes ? GlobsTakeAll(narrow->globs, wide->globs)
                        : GlobsTakeAll(wide->globs, narrow->globs);
}

bool TextsMeet(TextFact which, const std::optional<TextSet>& one,
               const std::optional<TextSet>& other) {
  if (!one || !other || (one->excludes && other->excludes)) return true;
  if (one->excludes) return !GlobsTakeAll(one->globs, other->globs);
  if (other->excludes) return !GlobsTakeAll(other->globs, one->globs);
  return !HasOneSpelling(which) || AnyMeet(one->globs, other->globs);
}

}  // namespace

Occasions OccasionsOf(const Rule& rule) {
  // Of files what is not known holds for a rule that demands, of policies, too,
  // and of lists for one that excepts.
  const Func never =
      Demands(rule.action) ? Func::kDigestListCheck : Func::kPolicyCheck;
  const bool in_vain = rule.AskedInVain().has_value();
  Occasions occasions;
  for (std::size_t i = 0; i < kOccasions.size(); ++i) {
    const auto& [func, mask] = kOccasions[i];
    occasions[i] = rule.IsFor(func, mask) && !(in_vain && func == never);
  }
  return occasions;
}

bool AcceptsAllOf(const Rule& wide, const Rule& narrow) {
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (!NumbersTakeAll(wide.numbers[i], narrow.numbers[i])) return false;
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto which = static_cast<TextFact>(i);
    if (!TextsTakeAll(which, wide.texts[i], narrow.texts[i])) return false;
  }
  return true;
}

bool MayAcceptSame(const Rule& one, const Rule& other) {
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (!NumbersMeet(one.numbers[i], other.numbers[i])) return false;
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto which = static_cast<TextFact>(i);
    if (!TextsMeet(which, one.texts[i], other.texts[i])) return false;
  }
  return true;
}

}  // namespace assayfs
