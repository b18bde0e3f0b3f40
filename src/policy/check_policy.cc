// SPDX-License-Identifier: Apache-2.0
// CheckPolicy: rules held against one another.
#include "policy/check_policy.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

#include "policy/check_rule.h"
#include "policy/check_whole.h"
#include "policy/rule_overlap.h"

namespace assayfs {
namespace {

using Severity = PolicyFinding::Severity;

// Returns what rules do that demand things of this kind.
std::string_view VerbOf(ActionClass kind) {
  switch (kind) {
    case ActionClass::kMeasure:
      return "measures";
    case ActionClass::kAppraise:
      return "appraises";
    case ActionClass::kAudit:
      return "audits";
    case ActionClass::kHash:
      return "hashes";
  }
  return {};
}

class Checker {
 public:
  explicit Checker(const Policy& policy)
      : policy_(policy), rules_(policy.rules) {}

  std::vector<PolicyFinding> Check();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // What is known of a rule, beside what it says.
  struct State {
    ComparedRule compared;
    Occasions occasions;
    bool never = false;         // no use is as it asks
    std::size_t taken = kNone;  // the rule before it that takes all from it
  };
  bool IsReached(std::size_t rule) const {
    return !states_[rule].never && states_[rule].taken == kNone;
  }
  bool IsTaken(std::size_t rule, std::size_t by) const;
  void CheckReach(std::size_t rule);
  bool IsAppraisedBeside(std::size_t rule, TextFact which) const;
  void CheckConditions(std::size_t rule);
  void CheckException(std::size_t rule);
  void CheckMask(std::size_t rule);
  void CheckWriting(std::size_t rule);

  void Add(PolicyFinding finding) { findings_.push_back(std::move(finding)); }
  void AddAll(std::vector<PolicyFinding> findings) {
    std::ranges::move(findings, std::back_inserter(findings_));
  }

  const Policy& policy_;
  const std::vector<Rule>& rules_;
  std::vector<State> states_;
  ReachedRules reached_;
  std::vector<PolicyFinding> findings_;
};

std::vector<PolicyFinding> Checker::Check() {
  for (const Rule& rule : rules_) {
    auto never = FindNever(rule);
    states_.push_back(
        {ComparedRule(rule), OccasionsOf(rule), never.has_value()});
    if (never) Add(std::move(*never));
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    CheckReach(i);
    if (IsReached(i)) reached_.push_back(&rules_[i]);
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    AddAll(FindWrongPatterns(rules_[i]));
    if (!IsReached(i)) continue;
    CheckConditions(i);
    CheckException(i);
    CheckMask(i);
    CheckWriting(i);
  }
  AddAll(FindInWhole(policy_, reached_));
  return std::move(findings_);
}

bool Checker::IsTaken(std::size_t rule, std::size_t by) const {
  const Rule& wide = rules_[by];
  const Rule& narrow = rules_[rule];
  // One that demands what is not known does so beside those behind it.
  if (!wide.IsOfFiles() && Demands(wide.action) && wide.AskedInVain()) {
    return false;
  }
  return ClassOf(wide.action) == ClassOf(narrow.action) &&
         (states_[rule].occasions & ~states_[by].occasions).none() &&
         AcceptsAllOf(states_[by].compared, states_[rule].compared);
}

void Checker::CheckReach(std::size_t rule) {
  State& state = states_[rule];
  if (state.never) return;
  const Rule& narrow = rules_[rule];
  for (std::size_t i = 0; i < rule && state.taken == kNone; ++i) {
    if (IsReached(i) && IsTaken(rule, i)) state.taken = i;
  }
  if (state.taken == kNone) return;
  const Rule& wide = rules_[state.taken];
  const std::string line = LineOf(wide, narrow);
  const bool same_uses = IsTaken(state.taken, rule);
  if (same_uses && wide.action != narrow.action) {
    Add(FindingOf(Severity::kWarning, narrow, {},
                  "contradicts " + line + ", which wins"));
    return;
  }
  if (wide.file == narrow.file && wide.line == narrow.line) {
    Add(FindingOf(Severity::kWarning, narrow, {},
                  "no use reaches this rule again: its file is included more "
                  "than once"));
    return;
  }
  // Otherwise nothing would change.
  const bool differs =
      wide.action != narrow.action || wide.terms != narrow.terms;
  Add(FindingOf(
      Severity::kWarning, narrow, {},
      "no use reaches this rule: " + line + " takes all that it matches",
      differs && !same_uses ? "this rule before " + line : ""));
}

// Says whether another rule appraises what a rule would, if it did not ask for
// this text.
bool Checker::IsAppraisedBeside(std::size_t rule, TextFact which) const {
  Rule without = rules_[rule];
  without.texts[static_cast<std::size_t>(which)].reset();
  const ComparedRule compared(without);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (i != rule && IsReached(i) && rules_[i].action == Action::kAppraise &&
        (states_[rule].occasions & ~states_[i].occasions).none() &&
        AcceptsAllOf(states_[i].compared, compared)) {
      return true;
    }
  }
  return false;
}

void Checker::CheckConditions(std::size_t rule) {
  Rule weak = rules_[rule];
  if (weak.action == Action::kAppraise && weak.IsOfFiles()) {
    for (const auto which :
         {TextFact::kExe, TextFact::kContainer, TextFact::kPath}) {
      auto& texts = weak.texts[static_cast<std::size_t>(which)];
      // Then what it leaves out is not exempted.
      if (texts && IsAppraisedBeside(rule, which)) texts.reset();
    }
  }
  AddAll(FindWeakConditions(weak));
}

void Checker::CheckException(std::size_t rule) {
  const Rule& exception = rules_[rule];
  if (Demands(exception.action)) return;
  const auto is_from = [&](std::size_t other) {
    return ClassOf(rules_[other].action) == ClassOf(exception.action) &&
           Demands(rules_[other].action) && !states_[other].never &&
           (states_[other].occasions & states_[rule].occasions).any() &&
           MayAcceptSame(states_[rule].compared, states_[other].compared);
  };
  for (std::size_t i = rule + 1; i < rules_.size(); ++i) {
    // What this exception takes all from is excepted from, too.
    if (is_from(i) && (states_[i].taken == kNone || states_[i].taken >= rule)) {
      return;
    }
  }
  std::size_t before = 0;
  while (before < rule && !(IsReached(before) && is_from(before))) ++before;
  Add(FindingOf(
      Severity::kWarning, exception, {},
      "excepts from nothing: no rule behind it " +
          std::string(VerbOf(ClassOf(exception.action))) + " what it matches",
      before < rule ? "this rule before " + LineOf(rules_[before], exception)
                    : ""));
}

void Checker::CheckMask(std::size_t rule) {
  const Rule& exact = rules_[rule];
  const bool of_files = !exact.func || exact.func == Func::kFileCheck;
  if (exact.action != Action::kAppraise || !of_files) return;
  if (exact.mask_is != kMayRead || exact.mask_has != 0) return;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (IsReached(i) && rules_[i].action == Action::kAppraise &&
        rules_[i].IsFor(Func::kFileCheck, kMayRead | kMayWrite) &&
        AcceptsAllOf(states_[i].compared, states_[rule].compared)) {
      return;
    }
  }
  Add(FindingOf(Severity::kWarning, exact, "mask",
                "easily got round: an open for reading and writing is not "
                "judged",
                "mask=^MAY_READ"));
}

void Checker::CheckWriting(std::size_t rule) {
  const Rule& exception = rules_[rule];
  const bool of_files = !exception.func || exception.func == Func::kFileCheck;
  if (exception.action != Action::kDontAppraise || !of_files) return;
  if ((exception.mask_has & (kMayWrite | kMayAppend)) == 0) return;
  if (!AppraiseSome(reached_, Func::kFileCheck, kMayRead)) return;
  // Who can use it can do anything.
  const auto severity =
      IsOfRoot(exception) ? Severity::kNote : Severity::kWarning;
  Add(FindingOf(severity, exception, "mask",
                "easily got round: an open for reading and writing is not "
                "judged",
                "mask=MAY_WRITE"));
}

// Returns findings in the order in which files appear, by line, each once: a
// file may be included more than once.
std::vector<PolicyFinding> Sorted(const Policy& policy,
                                  std::vector<PolicyFinding> findings) {
  std::vector<std::string_view> files = {policy.name};
  for (const Rule& rule : policy.rules) {
    if (files.back() != rule.file && std::ranges::count(files, rule.file) == 0)
      files.push_back(rule.file);
  }
  const auto place = [&files](const PolicyFinding& finding) {
    return std::tuple(std::ranges::find(files, finding.file) - files.begin(),
                      finding.line, finding.column);
  };
  std::ranges::stable_sort(findings, {}, place);
  const auto again = std::unique(
      findings.begin(), findings.end(), [&](const auto& one, const auto& next) {
        return place(one) == place(next) && one.text == next.text;
      });
  findings.erase(again, findings.end());
  return findings;
}

}  // namespace

std::vector<PolicyFinding> CheckPolicy(const Policy& policy) {
  auto findings = Checker(policy).Check();
  for (const PolicyWarning& warning : policy.warnings) {
    const auto& [file, line, column, text] = warning;
    findings.push_back({Severity::kNote, file, line, column, text, {}});
  }
  return Sorted(policy, std::move(findings));
}

}  // namespace assayfs
