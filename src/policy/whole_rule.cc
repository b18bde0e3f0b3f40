// SPDX-License-Identifier: Apache-2.0
// What a rule must be when all its words are read.
#include "policy/whole_rule.h"

#include <algorithm>

namespace assayfs {
namespace {

// Of rules for lists or policies.
std::string WhatIsWrongOfOwn(const Rule& rule) {
  const Terms& terms = rule.terms;
  const bool of_policy = rule.func == Func::kPolicyCheck;
  if (!of_policy && terms.digest_cache) {
    return "digest_cache=data is for files: lists are not looked up in lists; "
           "leave it out";
  }
  if (terms.bind.any()) {
    return "bind= is for files: no list says where lists and policies are; "
           "leave it out";
  }
  if (terms.verity_only || !terms.algorithms.empty()) {
    return "digest_type= and appraise_algos= are for files: lists and policies "
           "have signatures of their own; leave them out";
  }
  if (of_policy && (terms.list || terms.package)) {
    return "list= and package= are for files and lists: no list has a policy; "
           "leave them out";
  }
  const bool chooses = terms.list || terms.package || terms.signer;
  if (rule.action == Action::kMeasure && chooses) {
    return "list=, package= and signer= are not asked when lists and policies "
           "are measured; leave them out";
  }
  return {};
}

// Returns the digest of fs-verity that is made with an algorithm, or that it
// is; nothing if there is none.
std::optional<HashAlgorithm> VerityOf(HashAlgorithm algorithm) {
  if (algorithm == HashAlgorithm::kSha256) return HashAlgorithm::kVeritySha256;
  if (algorithm == HashAlgorithm::kSha512) return HashAlgorithm::kVeritySha512;
  if (!IsVerity(algorithm)) return std::nullopt;
  return algorithm;
}

}  // namespace

std::size_t ValueCount(const Rule& rule) {
  std::size_t count = rule.terms.algorithms.size();
  for (const auto& numbers : rule.numbers) {
    if (numbers) count += numbers->ranges().size();
  }
  for (const auto& texts : rule.texts) {
    if (texts) count += texts->globs.size();
  }
  for (const auto* texts :
       {&rule.terms.list, &rule.terms.package, &rule.terms.signer}) {
    if (*texts) count += (*texts)->globs.size();
  }
  return count;
}

std::string FinishRule(Rule& rule) {
  if (!rule.IsOfFiles()) return WhatIsWrongOfOwn(rule);
  Terms& terms = rule.terms;
  if (terms.verity_only && !terms.algorithms.empty()) {
    std::vector<HashAlgorithm> verity;
    for (const HashAlgorithm algorithm : terms.algorithms) {
      const auto made = VerityOf(algorithm);
      if (made && std::ranges::count(verity, *made) == 0) {
        verity.push_back(*made);
      }
    }
    if (verity.empty()) {
      return "no digest of fs-verity is in these algorithms; write "
             "appraise_algos=sha256,sha512";
    }
    terms.algorithms = std::move(verity);
  }
  if (rule.action != Action::kMeasure) return {};
  if (terms.digest_cache && !terms.pcr) {
    return "digest_cache=data needs pcr=: what is recorded depends on lists, "
           "so it needs a PCR of its own";
  }
  const bool chooses = terms.list || terms.package || terms.signer;
  if (chooses && !terms.digest_cache) {
    return "list=, package= and signer= need digest_cache=data, without which "
           "no list is asked";
  }
  return {};
}

}  // namespace assayfs
