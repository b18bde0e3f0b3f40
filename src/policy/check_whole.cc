// SPDX-License-Identifier: Apache-2.0
// What is likely to be wrong with a policy as a whole: what is missing.
#include "policy/check_whole.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "policy/check_rule.h"

namespace assayfs {
namespace {

using Severity = PolicyFinding::Severity;
using MaybeFinding = std::optional<PolicyFinding>;

// Whether uses on an occasion are demanded something.
struct Outlook {
  bool demanded = false;
  const Rule* excepting = nullptr;  // from all of them; may be null
};

Outlook OutlookFor(const ReachedRules& rules, ActionClass kind, Func func,
                   Mask mask) {
  for (const Rule* rule : rules) {
    if (ClassOf(rule->action) != kind || !rule->IsFor(func, mask)) continue;
    if (Demands(rule->action)) return {.demanded = true};
    if (!rule->HasConditions()) return {.excepting = rule};
  }
  return {};
}

// Returns the first rule like this; null for none.
const Rule* FirstOf(const ReachedRules& rules, bool (*is_like)(const Rule&)) {
  const auto first = std::ranges::find_if(
      rules, [is_like](const Rule* rule) { return is_like(*rule); });
  return first == rules.end() ? nullptr : *first;
}

MaybeFinding FindNothing(const Policy& policy) {
  PolicyFinding finding{.file = policy.name, .text = {}, .instead = {}};
  if (policy.rules.empty()) {
    finding.severity = Severity::kError;
    finding.text = "judges nothing: it has no rule";
    return finding;
  }
  const auto appraises = [](const Rule& rule) {
    return rule.action == Action::kAppraise;
  };
  if (std::ranges::any_of(policy.rules, appraises)) return std::nullopt;
  finding.severity = Severity::kNote;
  finding.text = "denies nothing: no rule appraises";
  return finding;
}

// Returns the line to add for lists, and where if an exception is in its way.
std::string LineForLists(std::string line, const Rule* excepting,
                         const Rule& other) {
  if (excepting == nullptr) return line;
  return line + " before " + LineOf(*excepting, other);
}

MaybeFinding FindUnappraisedLists(const Policy& policy,
                                  const ReachedRules& reached) {
  const auto files = std::ranges::find_if(policy.rules, [](const Rule& rule) {
    return rule.action == Action::kAppraise && rule.IsOfFiles();
  });
  if (files == policy.rules.end()) return std::nullopt;
  const Outlook lists = OutlookFor(reached, ActionClass::kAppraise,
                                   Func::kDigestListCheck, kMayRead);
  if (lists.demanded) return std::nullopt;
  return FindingOf(
      Severity::kError, *files, {},
      "every file would be denied: files are appraised, but no "
      "digest lists, which then vouch for nothing",
      LineForLists("appraise func=DIGEST_LIST_CHECK", lists.excepting, *files));
}

MaybeFinding FindUnmeasuredLists(const ReachedRules& reached) {
  const Rule* files = FirstOf(reached, [](const Rule& rule) {
    return rule.action == Action::kMeasure && rule.terms.digest_cache &&
           rule.IsOfFiles();
  });
  if (files == nullptr) return std::nullopt;
  const Outlook lists = OutlookFor(reached, ActionClass::kMeasure,
                                   Func::kDigestListCheck, kMayRead);
  if (lists.demanded) return std::nullopt;
  std::string line = "measure func=DIGEST_LIST_CHECK";
  if (files->terms.pcr) line += " pcr=" + std::to_string(*files->terms.pcr);
  return FindingOf(Severity::kWarning, *files, "digest_cache",
                   "each file is measured by itself: no digest lists are "
                   "measured, which could stand for files",
                   LineForLists(std::move(line), lists.excepting, *files));
}

MaybeFinding FindLibraries(const ReachedRules& reached) {
  const Rule* programs = FirstOf(reached, [](const Rule& rule) {
    return rule.action == Action::kAppraise && rule.func == Func::kBprmCheck;
  });
  if (programs == nullptr) return std::nullopt;
  if (AppraiseSome(reached, Func::kMmapCheck, kMayExec)) return std::nullopt;
  if (AppraiseSome(reached, Func::kFileCheck, kMayRead)) return std::nullopt;
  return FindingOf(Severity::kNote, *programs, {},
                   "programs are appraised, but neither libraries nor scripts",
                   "appraise func=MMAP_CHECK");
}

MaybeFinding FindKernelReads(const ReachedRules& reached) {
  const Rule* rule = FirstOf(reached, [](const Rule& one) {
    return one.action == Action::kAppraise && one.func &&
           !PathsOf(*one.func).empty();
  });
  if (rule == nullptr) return std::nullopt;
  if (AppraiseSome(reached, Func::kFileCheck, kMayRead)) return std::nullopt;
  return FindingOf(Severity::kNote, *rule, "func",
                   "easily got round: a copy under another name is not judged",
                   "appraise func=FILE_CHECK");
}

}  // namespace

bool AppraiseSome(const ReachedRules& rules, Func func, Mask mask) {
  return OutlookFor(rules, ActionClass::kAppraise, func, mask).demanded;
}

std::vector<PolicyFinding> FindInWhole(const Policy& policy,
                                       const ReachedRules& reached) {
  std::vector<PolicyFinding> findings;
  for (const MaybeFinding& finding :
       {FindNothing(policy), FindUnappraisedLists(policy, reached),
        FindUnmeasuredLists(reached), FindLibraries(reached),
        FindKernelReads(reached)}) {
    if (finding) findings.push_back(*finding);
  }
  return findings;
}

}  // namespace assayfs
