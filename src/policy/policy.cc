// SPDX-License-Identifier: Apache-2.0
// Policy: what can be said of all rules at once.
#include "policy/policy.h"

#include <algorithm>
#include <utility>

namespace assayfs {
namespace {

bool IsForReads(const Rule& rule) {
  return rule.IsFor(Func::kFileCheck, kMayRead);
}

bool AsksOf(const Rule& rule, TextFact which) {
  return rule.text_of(which).has_value();
}
bool AsksOf(const Rule& rule, NumberFact which) {
  return rule.number(which).has_value();
}

// Rules for files, in their order, as seen on one occasion.
std::vector<const Rule*> RulesOn(const Policy& policy, Func func, Mask mask) {
  std::vector<const Rule*> rules;
  for (const Rule& rule : policy.rules) {
    if (rule.IsFor(func, mask)) rules.push_back(&rule);
  }
  return rules;
}

// Says whether two occasions lead to the same answers.
bool AnswerAlike(const std::vector<const Rule*>& one,
                 const std::vector<const Rule*>& other) {
  return std::ranges::equal(one, other, [](const Rule* a, const Rule* b) {
    return a->action == b->action && a->AsksAlike(*b) && a->terms == b->terms;
  });
}

// Says whether rules on an occasion lead to other answers than those on an open
// with this mask, so that they have to be asked, too.
bool AsksMore(const Policy& policy, Func func, Mask mask, Mask open) {
  const auto rules = RulesOn(policy, func, mask);
  return !rules.empty() &&
         !AnswerAlike(rules, RulesOn(policy, Func::kFileCheck, open));
}

// Says the same of what the kernel reads.
bool KernelReadsAskMore(const Policy& policy, Mask open) {
  return std::ranges::any_of(kKernelReads, [&](Func func) {
    return AsksMore(policy, func, kMayRead, open);
  });
}

bool NeedsIds(const Policy& policy) {
  constexpr std::array kNumbers = {NumberFact::kUid, NumberFact::kEuid,
                                   NumberFact::kGid, NumberFact::kEgid};
  return std::ranges::any_of(policy.rules, [&](const Rule& rule) {
    return std::ranges::any_of(
        kNumbers, [&rule](NumberFact which) { return AsksOf(rule, which); });
  });
}

bool AnyAsks(const Policy& policy, TextFact which) {
  return std::ranges::any_of(
      policy.rules, [which](const Rule& rule) { return AsksOf(rule, which); });
}

Needs FindNeeds(const Policy& policy) {
  Needs needs;
  needs.ids = NeedsIds(policy);
  needs.exe = AnyAsks(policy, TextFact::kExe);
  needs.container = AnyAsks(policy, TextFact::kContainer);
  needs.path = AnyAsks(policy, TextFact::kPath);
  for (const Rule& rule : policy.rules) {
    // A program may run as the owner of its file.
    const bool of_program =
        (AsksOf(rule, NumberFact::kEuid) || AsksOf(rule, NumberFact::kEgid)) &&
        rule.IsFor(Func::kCredsCheck, kMayExec);
    needs.owner |= AsksOf(rule, NumberFact::kFowner) ||
                   AsksOf(rule, NumberFact::kFgroup) || of_program;
    needs.file_system |=
        AsksOf(rule, NumberFact::kFsMagic) || AsksOf(rule, TextFact::kFsName) ||
        AsksOf(rule, TextFact::kFsSubtype) || AsksOf(rule, TextFact::kFsUuid);
  }
  const auto mapped = RulesOn(policy, Func::kMmapCheck, kMayExec);
  const bool executed_alike =
      AnswerAlike(RulesOn(policy, Func::kFileCheck, kMayExec), mapped) ||
      AnswerAlike(RulesOn(policy, Func::kBprmCheck, kMayExec), mapped);
  needs.elf = !mapped.empty() && !executed_alike;
  // What is asked for on opening is not asked for once more.
  for (const Mask open :
       {kMayRead, kMayRead | kMayWrite, kMayRead | kMayWrite | kMayAppend}) {
    needs.elf |= AsksMore(policy, Func::kMmapCheck, kMayExec, open);
    needs.path |= KernelReadsAskMore(policy, open);
  }
  return needs;
}

Extent FindAppraisedLists(const Policy& policy) {
  Extent so_far = Extent::kNone;
  bool any_other = false;  // a rule before that may have a say
  for (const Rule* rule : RulesOn(policy, Func::kDigestListCheck, kMayRead)) {
    if (ClassOf(rule->action) != ActionClass::kAppraise) continue;
    const Terms& terms = rule->terms;
    const bool all = !rule->HasConditions() && !terms.list && !terms.package &&
                     !terms.signer;
    if (all && so_far == Extent::kNone && Demands(rule->action)) {
      return any_other ? Extent::kSome : Extent::kAll;
    }
    // A list counts by a rule that matches for certain only.
    if (Demands(rule->action) && !rule->AskedInVain()) so_far = Extent::kSome;
    any_other = true;
    if (all) return so_far;
  }
  return so_far;
}

}  // namespace

void Compile(Policy& policy) {
  policy.index = std::make_shared<const RuleIndex>(policy.rules);
  policy.needs = FindNeeds(policy);
  policy.appraised_lists = FindAppraisedLists(policy);
}

Policy Bind(Policy policy, const Binding& binding) {
  for (Rule& rule : policy.rules) {
    if (rule.action == Action::kAppraise && rule.IsOfFiles()) {
      AddBinding(binding, rule.terms.bind);
    }
  }
  return policy;
}

Binding BindingOf(const Policy& policy) {
  Binding all;
  for (const Rule& rule : policy.rules) AddBinding(rule.terms.bind, all);
  return all;
}

bool BindsLinks(const Policy& policy) {
  return std::ranges::any_of(policy.rules, [](const Rule& rule) {
    return rule.terms.bind.link && IsForReads(rule);
  });
}

bool DependsOnOpen(const Policy& policy) {
  const Needs& needs = policy.needs;
  // An owner may change while pages are kept of what was not judged.
  if (needs.asker() || needs.owner) return true;
  if (AnyAsks(policy, TextFact::kPath)) return true;
  // Nor may what a file begins with, which those pages need not belong to.
  if (AsksMore(policy, Func::kMmapCheck, kMayExec, kMayRead)) return true;
  // Where the answer need not be given at each open, no open is for writing.
  if (KernelReadsAskMore(policy, kMayRead)) return true;
  const auto other = [&](Func func) {
    return AsksMore(policy, func, kMayExec, kMayRead);
  };
  const auto read = RulesOn(policy, Func::kFileCheck, kMayRead);
  const auto executed = RulesOn(policy, Func::kFileCheck, kMayExec);
  const auto run = RulesOn(policy, Func::kBprmCheck, kMayExec);
  // Who only executes a file must be held to no less than who reads it.
  const bool same = AnswerAlike(executed, read) || AnswerAlike(run, read);
  return !same || other(Func::kFileCheck) || other(Func::kBprmCheck) ||
         other(Func::kCredsCheck);
}

Extent AppraisedReads(const Policy& policy) {
  if (!AppraisesFiles(policy)) return Extent::kNone;
  for (const Rule& rule : policy.rules) {
    if (ClassOf(rule.action) != ActionClass::kAppraise) continue;
    if (!IsForReads(rule)) continue;
    if (!Demands(rule.action)) return Extent::kSome;
    if (!rule.HasConditions()) return Extent::kAll;
  }
  return Extent::kSome;
}

bool AppraisesFiles(const Policy& policy) {
  return std::ranges::any_of(policy.rules, [](const Rule& rule) {
    return rule.action == Action::kAppraise && rule.IsOfFiles();
  });
}

std::vector<std::uint32_t> PcrsOf(const Policy& policy) {
  std::vector<std::uint32_t> pcrs;
  for (const Rule& rule : policy.rules) {
    if (rule.terms.pcr) pcrs.push_back(*rule.terms.pcr);
  }
  std::ranges::sort(pcrs);
  const auto again = std::unique(pcrs.begin(), pcrs.end());
  pcrs.erase(again, pcrs.end());
  return pcrs;
}

}  // namespace assayfs
