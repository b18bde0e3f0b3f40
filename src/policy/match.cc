// SPDX-License-Identifier: Apache-2.0
// Match: from a use of a file to the rules that apply to it.
#include "policy/match.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>

#include "policy/glob.h"

namespace assayfs {
namespace {

using Row = RuleIndex::Row;

// Returns the first rule whose bit is set in one word of a row.
std::size_t RuleAt(std::size_t word, std::uint64_t bits) {
  return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
}

// Says whether the texts that a rule asks for are there. unknown: whether those
// are that are not known.
bool TextsHold(const Rule& rule, const Use& use, bool unknown) {
  for (std::size_t which = 0; which < kTextCount; ++which) {
    const auto& condition = rule.texts[which];
    if (!condition) continue;
    const auto& texts = use.texts[which];
    const bool holds = texts.empty() ? unknown : condition->Accepts(texts);
    if (!holds) return false;
  }
  return true;
}

// Says whether what is known of a use does not keep a rule from matching.
bool MayMatch(const Rule& rule, const Use& use) {
  for (std::size_t which = 0; which < kNumberCount; ++which) {
    const auto& condition = rule.numbers[which];
    const auto& number = use.numbers[which];
    if (condition && number && !condition->Has(*number)) return false;
  }
  return TextsHold(rule, use, true);
}

// Says whether a rule that accepts what is known asks for nothing else.
bool IsCertain(const Rule& rule, const Use& use) {
  for (std::size_t which = 0; which < kNumberCount; ++which) {
    if (rule.numbers[which] && !use.numbers[which]) return false;
  }
  for (std::size_t which = 0; which < kTextCount; ++which) {
    if (rule.texts[which] && use.texts[which].empty()) return false;
  }
  return true;
}

// The rules that accept what is known of one use, whatever the occasion.
class Candidates {
 public:
  Candidates(const Policy& policy, const Use& use)
      : policy_(policy), index_(*policy.index), use_(use) {
    for (std::size_t which = 0; which < kNumberCount; ++which) {
      const auto row =
          index_.OfNumber(static_cast<NumberFact>(which), use.numbers[which]);
      if (row) rows_[row_count_++] = *row;
    }
    const auto& paths = use.texts[static_cast<std::size_t>(TextFact::kPath)];
    if (!index_.asks_for_path() || paths.size() > paths_.size()) return;
    for (const std::string& path : paths) {
      paths_[path_count_++] = index_.OfPath(path);
    }
  }

  // Calls visit with the first that matches, if it demands something, and
  // before that with those that may match.
  template <typename Visit>
  void Find(Row occasion, ActionClass kind, Visit visit) const {
    const Row of_kind = index_.OfKind(kind);
    for (std::size_t word = 0; word < index_.words(); ++word) {
      std::uint64_t bits = occasion[word] & of_kind[word];
      if (bits == 0) continue;
      for (std::size_t row = 0; row < row_count_; ++row) {
        bits &= rows_[row][word];
      }
      if (path_count_ > 0) bits &= OfPaths(word);
      for (; bits != 0; bits &= bits - 1) {
        const Rule& rule = policy_.rules[RuleAt(word, bits)];
        if (!TextsHold(rule, use_, Demands(rule.action))) continue;
        if (!Demands(rule.action)) return;
        visit(rule);
        if (IsCertain(rule, use_)) return;
      }
    }
  }

  void AddOn(Func func, Mask mask, DemandList& demands) const {
    constexpr std::array kMembers = {&Demand::measure, &Demand::appraise,
                                     &Demand::audit, &Demand::hash};
    const Row occasion = index_.Occasion(index_.OccasionNumber(func, mask));
    Demand first;
    std::vector<Demand> more;  // where something is not known
    for (std::size_t kind = 0; kind < kMembers.size(); ++kind) {
      const auto member = kMembers[kind];
      std::size_t number = 0;
      Find(occasion, static_cast<ActionClass>(kind), [&](const Rule& rule) {
        if (number > more.size()) more.emplace_back();
        Demand& demand = number == 0 ? first : more[number - 1];
        demand.*member = &rule;
        ++number;
      });
    }
    demands.Add(first);
    for (const Demand& demand : more) demands.Add(demand);
  }

 private:
  std::uint64_t OfPaths(std::size_t word) const {
    std::uint64_t bits = 0;
    for (std::size_t path = 0; path < path_count_; ++path) {
      bits |= paths_[path][word];
    }
    return bits;
  }

  const Policy& policy_;
  const RuleIndex& index_;
  const Use& use_;
  std::array<Row, kNumberCount> rows_;
  std::size_t row_count_ = 0;
  std::array<Row, 2> paths_;  // see TreeSpellings
  std::size_t path_count_ = 0;
};

// Says whether a file that is opened may be one that the kernel reads on such
// an occasion.
bool MayBeReadOn(Func func, const Use& use) {
  const auto& paths = use.texts[static_cast<std::size_t>(TextFact::kPath)];
  if (paths.empty()) return true;
  return std::ranges::any_of(PathsOf(func), [&paths](std::string_view glob) {
    return std::ranges::any_of(paths, [glob](const std::string& path) {
      return GlobMatches(glob, path);
    });
  });
}

bool IsEmpty(Row row) {
  return std::ranges::all_of(row, [](std::uint64_t bits) { return bits == 0; });
}

// Returns the use by the program itself, which may run as the owner of its
// file.
Use AfterExecution(Use use) {
  const auto& user = use.number(NumberFact::kFowner);
  const auto& group = use.number(NumberFact::kFgroup);
  if (use.setuid.value_or(true)) {
    use.number(NumberFact::kEuid) = use.setuid ? user : std::nullopt;
  }
  if (use.setgid.value_or(true)) {
    use.number(NumberFact::kEgid) = use.setgid ? group : std::nullopt;
  }
  return use;
}

bool SameTerms(const Rule* one, const Rule* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one == other || one->terms == other->terms;
}

}  // namespace

void Use::set_mode(mode_t mode) {
  // Without the right to execute, the bit for the group means another thing.
  constexpr mode_t kSetGid = S_ISGID | S_IXGRP;
  setuid = (mode & S_ISUID) != 0;
  setgid = (mode & kSetGid) == kSetGid;
}

const Rule* Demand::rule() const {
  if (appraise != nullptr) return appraise;
  if (measure != nullptr) return measure;
  return audit != nullptr ? audit : hash;
}

void DemandList::Add(const Demand& demand) {
  if (!demand.any()) return;
  const auto same = [&demand](const Demand& one) {
    return SameTerms(one.appraise, demand.appraise) &&
           SameTerms(one.measure, demand.measure) &&
           SameTerms(one.audit, demand.audit) &&
           SameTerms(one.hash, demand.hash);
  };
  if (std::ranges::none_of(demands_, same)) demands_.push_back(demand);
}

DemandList Match(const Policy& policy, const Use& use) {
  const RuleIndex& index = *policy.index;
  const Candidates candidates(policy, use);
  DemandList demands;
  std::array<std::uint32_t, kFuncCount> asked{};
  std::size_t asked_count = 0;
  // False if there is nothing new to ask.
  const auto is_new = [&](Func func, Mask mask) {
    const std::uint32_t occasion = index.OccasionNumber(func, mask);
    const auto end = asked.begin() + static_cast<std::ptrdiff_t>(asked_count);
    if (std::find(asked.begin(), end, occasion) != end) return false;
    asked[asked_count++] = occasion;
    return !IsEmpty(index.Occasion(occasion));
  };
  const auto ask = [&](Func func, Mask mask) {
    if (is_new(func, mask)) candidates.AddOn(func, mask, demands);
  };
  ask(Func::kFileCheck, use.mask);
  if (use.sees_content() && use.elf.value_or(true)) {
    ask(Func::kMmapCheck, kMayExec);
  }
  if (use.executes()) {
    ask(Func::kBprmCheck, kMayExec);
    const Row creds =
        index.Occasion(index.OccasionNumber(Func::kCredsCheck, kMayExec));
    if (!use.setuid.value_or(true) && !use.setgid.value_or(true)) {
      ask(Func::kCredsCheck, kMayExec);
    } else if (!IsEmpty(creds)) {
      const Use after = AfterExecution(use);
      Candidates(policy, after).AddOn(Func::kCredsCheck, kMayExec, demands);
    }
  }
  if ((use.mask & kMayRead) == 0) return demands;
  for (const Func func : kKernelReads) {
    const auto row = index.Occasion(index.OccasionNumber(func, kMayRead));
    if (!IsEmpty(row) && MayBeReadOn(func, use)) ask(func, kMayRead);
  }
  return demands;
}

const Rule* FindException(const Policy& policy, const Use& use) {
  const auto excepts = [&use](const Rule& rule) {
    const bool asked =
        rule.IsFor(Func::kFileCheck, use.mask) ||
        (use.executes() && rule.IsFor(Func::kBprmCheck, kMayExec));
    return rule.action == Action::kDontAppraise && asked &&
           IsCertain(rule, use) && MayMatch(rule, use);
  };
  const auto found = std::ranges::find_if(policy.rules, excepts);
  return found == policy.rules.end() ? nullptr : &*found;
}

DemandList MatchOccasion(const Policy& policy, Func func, const Use& use) {
  DemandList demands;
  Candidates(policy, use).AddOn(func, use.mask, demands);
  return demands;
}

std::vector<const Rule*> MatchList(const Policy& policy, ActionClass kind,
                                   const Use& use) {
  const RuleIndex& index = *policy.index;
  const Row occasion =
      index.Occasion(index.OccasionNumber(Func::kDigestListCheck, use.mask));
  const Row of_kind = index.OfKind(kind);
  std::vector<const Rule*> rules;
  for (std::size_t word = 0; word < index.words(); ++word) {
    for (std::uint64_t bits = occasion[word] & of_kind[word]; bits != 0;
         bits &= bits - 1) {
      const Rule& rule = policy.rules[RuleAt(word, bits)];
      if (!MayMatch(rule, use)) continue;
      if (!Demands(rule.action)) return {};
      rules.push_back(&rule);
      if (IsCertain(rule, use)) return rules;
    }
  }
  return {};
}

}  // namespace assayfs
