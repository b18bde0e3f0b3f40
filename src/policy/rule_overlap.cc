// SPDX-License-Identifier: Apache-2.0
// Which uses rules match: inclusion and overlap of what they accept.
#include "policy/rule_overlap.h"

#include <algorithm>
#include <limits>
#include <utility>

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

using Prefix = ComparedRule::Prefix;

// The patterns of one condition, with what they begin with.
struct Globs {
  const TextSet& texts;
  const std::vector<Prefix>& prefixes;
  std::size_t size() const { return texts.globs.size(); }
};

// Says whether a pattern matches all that narrow matches. Only yes is certain.
// prefix: of narrow.
bool GlobTakesAll(std::string_view wide, std::string_view narrow,
                  const Prefix& prefix) {
  if (wide == narrow) return true;
  if (prefix.all) return GlobMatches(wide, prefix.text);
  if (!wide.ends_with("**")) return false;
  wide.remove_suffix(2);
  return wide.find_first_of("*?[\\") == std::string_view::npos &&
         prefix.text.starts_with(wide);
}

// Says whether each of narrow is within one of wide.
bool GlobsTakeAll(const Globs& wide, const Globs& narrow) {
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    const auto takes = [&](const std::string& glob) {
      return GlobTakesAll(glob, narrow.texts.globs[i], narrow.prefixes[i]);
    };
    if (std::ranges::none_of(wide.texts.globs, takes)) return false;
  }
  return true;
}

// Says whether some text may be matched by a pattern of both. Only no is
// certain.
bool AnyMeet(const Globs& one, const Globs& other) {
  for (std::size_t i = 0; i < one.size(); ++i) {
    const Prefix& a = one.prefixes[i];
    for (std::size_t j = 0; j < other.size(); ++j) {
      const Prefix& b = other.prefixes[j];
      if (!a.text.starts_with(b.text) && !b.text.starts_with(a.text)) continue;
      if (a.all ? GlobMatches(other.texts.globs[j], a.text)
                : !b.all || GlobMatches(one.texts.globs[i], b.text)) {
        return true;
      }
    }
  }
  return false;
}

// Of a path there may be two spellings: both rules may be right, each about
// another one, although no text is matched by both.
bool HasOneSpelling(TextFact which) { return which != TextFact::kPath; }

bool MatchEvery(TextFact which, const TextSet& texts) {
  return std::ranges::any_of(texts.globs, [which](const std::string& glob) {
    return MatchesEvery(which, glob);
  });
}

bool TextsTakeAll(TextFact which, const ComparedRule& wide_rule,
                  const ComparedRule& narrow_rule) {
  const auto at = static_cast<std::size_t>(which);
  const auto& wide = wide_rule.rule.texts[at];
  const auto& narrow = narrow_rule.rule.texts[at];
  if (!wide) return true;
  const Globs all{*wide, wide_rule.prefixes[at]};
  if (!narrow) return !wide->excludes && MatchEvery(which, *wide);
  const Globs some{*narrow, narrow_rule.prefixes[at]};
  if (narrow->excludes != wide->excludes) {
    if (!wide->excludes) return MatchEvery(which, *wide);
    return HasOneSpelling(which) && !AnyMeet(all, some);
  }
  return wide->excludes ? GlobsTakeAll(some, all) : GlobsTakeAll(all, some);
}

bool TextsMeet(TextFact which, const ComparedRule& one_rule,
               const ComparedRule& other_rule) {
  const auto at = static_cast<std::size_t>(which);
  const auto& one = one_rule.rule.texts[at];
  const auto& other = other_rule.rule.texts[at];
  if (!one || !other || (one->excludes && other->excludes)) return true;
  const Globs a{*one, one_rule.prefixes[at]};
  const Globs b{*other, other_rule.prefixes[at]};
  if (one->excludes) return !GlobsTakeAll(a, b);
  if (other->excludes) return !GlobsTakeAll(b, a);
  return !HasOneSpelling(which) || AnyMeet(a, b);
}

}  // namespace

bool MatchesEvery(TextFact which, std::string_view glob) {
  if (glob == "**") return true;
  if (which == TextFact::kPath || which == TextFact::kExe) return glob == "/**";
  // No name of a container has a "/".
  return which == TextFact::kContainer && glob == "*";
}

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

ComparedRule::ComparedRule(const Rule& compared) : rule(compared) {
  for (std::size_t i = 0; i < kTextCount; ++i) {
    if (!rule.texts[i]) continue;
    for (const std::string& glob : rule.texts[i]->globs) {
      Prefix prefix;
      prefix.text = LiteralPrefix(glob, prefix.all);
      prefixes[i].push_back(std::move(prefix));
    }
  }
}

bool AcceptsAllOf(const ComparedRule& wide, const ComparedRule& narrow) {
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (!NumbersTakeAll(wide.rule.numbers[i], narrow.rule.numbers[i])) {
      return false;
    }
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    if (!TextsTakeAll(static_cast<TextFact>(i), wide, narrow)) return false;
  }
  return true;
}

bool MayAcceptSame(const ComparedRule& one, const ComparedRule& other) {
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    if (!NumbersMeet(one.rule.numbers[i], other.rule.numbers[i])) return false;
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    if (!TextsMeet(static_cast<TextFact>(i), one, other)) return false;
  }
  return true;
}

}  // namespace assayfs
