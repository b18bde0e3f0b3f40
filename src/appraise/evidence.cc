// SPDX-License-Identifier: Apache-2.0
// What digest lists say of content.
#include "appraise/evidence.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "appraise/use_facts.h"

namespace assayfs {
namespace {

const Digest* FindRevoked(const DigestIndex& index, const Content& content) {
  const Revocations& revocations = index.withdrawals()->revocations;
  const auto it = std::ranges::find_if(
      content.digests,
      [&](const Digest& digest) { return revocations.Has(digest); });
  return it == content.digests.end() ? nullptr : &*it;
}

// Says whether a list is one of those that terms speak of.
bool IsListed(const Terms& terms, const LoadedList& list) {
  const auto accepts = [](const std::optional<TextSet>& wanted,
                          const std::string& text) {
    return !wanted || wanted->Accepts({text});
  };
  return accepts(terms.list, list.name) &&
         accepts(terms.package, list.package_name) &&
         (!terms.signer || terms.signer->Accepts(list.signer.keys));
}

// Says whether a measured list that counts has the content, for the rule that
// measures.
bool IsMeasured(const DigestIndex& index, const Content& content,
                const Demand& demand,
                const std::vector<DigestIndex::Entry>& known) {
  if (demand.measure == nullptr || !demand.measure->terms.digest_cache) {
    return false;
  }
  const auto measured = [](const DigestIndex::Entry& entry) {
    return entry.withdrawn == nullptr && entry.list->measured;
  };
  if (demand.measure == demand.rule()) {
    return std::ranges::any_of(known, measured);
  }
  // The rules that measure and appraise need not be of the same lists.
  return std::ranges::any_of(FindContent(index, content, demand.measure),
                             measured);
}

}  // namespace

const Digest* FindAlgorithm(const Content& content, HashAlgorithm algorithm) {
  const auto it =
      std::ranges::find(content.digests, algorithm, &Digest::algorithm);
  return it == content.digests.end() ? nullptr : &*it;
}

bool Counts(const Rule* rule, HashAlgorithm algorithm) {
  if (rule == nullptr) return true;
  if (rule->terms.verity_only && !IsVerity(algorithm)) return false;
  const auto& algorithms = rule->terms.algorithms;
  return algorithms.empty() || std::ranges::count(algorithms, algorithm) > 0;
}

bool Counts(const Rule* rule, const DigestIndex::Entry& entry) {
  return rule == nullptr || (Counts(rule, entry.digest().algorithm()) &&
                             IsListed(rule->terms, *entry.list));
}

bool IsAppraised(const Policy& policy, const LoadedList& list) {
  if (policy.appraised_lists != Extent::kSome) {
    return policy.appraised_lists == Extent::kAll;
  }
  const auto rules = MatchList(policy, ActionClass::kAppraise, UseOfList(list));
  return !rules.empty() &&
         std::ranges::all_of(rules, [&list](const Rule* rule) {
           return IsListed(rule->terms, list);
         });
}

std::optional<ListRules::Pcr> PcrForList(const Policy& policy, const Use& own) {
  const auto rules = MatchList(policy, ActionClass::kMeasure, own);
  if (rules.empty()) return std::nullopt;
  return ListRules::Pcr{rules.back()->terms.pcr};
}

std::vector<HashAlgorithm> AlgorithmsFor(const DigestIndex& index,
                                         std::span<const Demand> demands,
                                         std::size_t waiting) {
  std::vector<HashAlgorithm> algorithms = index.algorithms();
  const auto counts = [&](HashAlgorithm algorithm) {
    return std::ranges::any_of(demands, [algorithm](const Demand& demand) {
      return Counts(demand.rule(), algorithm) ||
             (demand.measure != nullptr && Counts(demand.measure, algorithm));
    });
  };
  const auto& revoked = index.withdrawals()->revocations.digests();
  std::erase_if(algorithms, [&](HashAlgorithm algorithm) {
    return waiting == 0 && !counts(algorithm) &&
           !std::ranges::count(revoked, algorithm, &Digest::algorithm);
  });
  const auto add = [&algorithms](HashAlgorithm algorithm) {
    if (std::ranges::count(algorithms, algorithm)) return;
    algorithms.push_back(algorithm);
  };
  // A record of the measurement log holds SHA-256.
  const bool measures = std::ranges::any_of(
      demands, [](const Demand& demand) { return demand.measure != nullptr; });
  if (measures) add(HashAlgorithm::kSha256);
  if (algorithms.empty()) {
    add(counts(HashAlgorithm::kVeritySha256) && !counts(HashAlgorithm::kSha256)
            ? HashAlgorithm::kVeritySha256
            : HashAlgorithm::kSha256);
  }
  return algorithms;
}

std::vector<DigestIndex::Entry> FindContent(const DigestIndex& index,
                                            const Content& content,
                                            const Rule* rule) {
  std::vector<DigestIndex::Entry> found;
  for (const Digest& digest : content.digests) {
    if (!Counts(rule, digest.algorithm())) continue;
    std::ranges::copy_if(
        index.FindDigest(digest), std::back_inserter(found),
        [rule](const auto& entry) { return Counts(rule, entry); });
  }
  return found;
}

std::string AddKnown(const Policy& policy, const DigestIndex& index,
                     const Content& content, const Demand& demand,
                     const std::vector<DigestIndex::Entry>& known,
                     Evidence& evidence) {
  evidence.known = false;
  evidence.withdrawn.reset();
  evidence.list_verified = false;
  evidence.list_measured = false;
  if (const Digest* revoked = FindRevoked(index, content)) {
    evidence.withdrawn = Reason::kRevoked;
    return "revoked by \"digest " + revoked->ToString() + "\"";
  }
  evidence.list_measured = IsMeasured(index, content, demand, known);
  for (const DigestIndex::Entry& entry : known) {
    if (entry.withdrawn != nullptr) continue;
    evidence.known = true;
    evidence.list_verified |=
        entry.list->verified && IsAppraised(policy, *entry.list);
  }
  if (evidence.known) {
    if (evidence.list_verified) return {};
    return "no rule with func=DIGEST_LIST_CHECK appraises list " +
           known.front().list->name;
  }
  if (known.empty()) return {};
  const DigestIndex::Entry& first = known.front();
  evidence.withdrawn = first.withdrawn->reason;
  return "list " + first.list->name + " is " + first.withdrawn->why;
}

Grounds LookUpContent(const Policy& policy, const DigestIndex& index,
                      const Content& content, const Demand& demand,
                      Evidence& evidence) {
  Grounds grounds;
  grounds.known = FindContent(index, content, demand.rule());
  grounds.detail =
      AddKnown(policy, index, content, demand, grounds.known, evidence);
  if (!grounds.known.empty() || demand.rule() == nullptr) return grounds;
  const auto others = FindContent(index, content, nullptr);
  if (!others.empty()) {
    grounds.detail = "list " + others.front().list->name +
                     " knows it, but not as the rule asks";
  }
  return grounds;
}

std::vector<DigestIndex::Entry> KnownByAppraised(
    const Policy& policy, std::vector<DigestIndex::Entry> known) {
  std::erase_if(known, [&policy](const DigestIndex::Entry& entry) {
    return !IsAppraised(policy, *entry.list);
  });
  return known;
}

void AddExpected(const DigestIndex& index,
                 const std::vector<std::string>& spellings,
                 const Demand& demand, Grounds& grounds, Evidence& evidence) {
  for (const std::string& path : spellings) {
    std::ranges::copy_if(
        index.FindPath(path), std::back_inserter(grounds.expected),
        [&demand](const auto& entry) {
          return entry.withdrawn == nullptr && Counts(demand.rule(), entry);
        });
  }
  evidence.path_listed = !grounds.expected.empty();
}

bool Withdraws(const DigestIndex& index) {
  return !index.withdrawals()->revocations.digests().empty() ||
         std::ranges::any_of(index.lists(), [&index](const auto& list) {
           return index.WhyWithdrawn(*list) != nullptr;
         });
}

}  // namespace assayfs
