// SPDX-License-Identifier: Apache-2.0
// What digest lists say of content.
#include "appraise/evidence.h"

#include <algorithm>

namespace assayfs {
namespace {

const Digest* FindRevoked(const DigestIndex& index, const Content& content) {
  const Revocations& revocations = index.withdrawals()->revocations;
  const auto it = std::ranges::find_if(
      content.digests,
      [&](const Digest& digest) { return revocations.Has(digest); });
  return it == content.digests.end() ? nullptr : &*it;
}

// Says whether a measured list that counts has the content, for the rule that
// measures.
bool IsMeasured(const DigestIndex& index, const Content& content,
                const Demand& demand,
                const std::vector<DigestIndex::Entry>& known) {
  if (demand.measure == nullptr) return false;
  const auto measured = [](const DigestIndex::Entry& entry) {
    return entry.withdrawn == nullptr && entry.list->measured;
  };
  // The rules that measure and appraise need not be of the same digests.
  if (demand.measure->verity_only == demand.rule()->verity_only) {
    return std::ranges::any_of(known, measured);
  }
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
  return rule == nullptr || !rule->verity_only || IsVerity(algorithm);
}

std::vector<HashAlgorithm> AlgorithmsFor(const DigestIndex& index,
                                         const Demand& demand,
                                         std::size_t waiting) {
  std::vector<HashAlgorithm> algorithms = index.algorithms();
  const auto counts = [&](HashAlgorithm algorithm) {
    return Counts(demand.rule(), algorithm) ||
           (demand.measure != nullptr && Counts(demand.measure, algorithm));
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
  if (demand.measure != nullptr) add(HashAlgorithm::kSha256);
  if (algorithms.empty()) {
    add(counts(HashAlgorithm::kSha256) ? HashAlgorithm::kSha256
                                       : HashAlgorithm::kVeritySha256);
  }
  return algorithms;
}

std::vector<DigestIndex::Entry> FindContent(const DigestIndex& index,
                                            const Content& content,
                                            const Rule* rule) {
  std::vector<DigestIndex::Entry> found;
  for (const Digest& digest : content.digests) {
    if (!Counts(rule, digest.algorithm())) continue;
    const auto entries = index.FindDigest(digest);
    found.insert(found.end(), entries.begin(), entries.end());
  }
  return found;
}

std::string AddKnown(const DigestIndex& index, const Content& content,
                     const Demand& demand,
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
    evidence.list_verified |= entry.list->verified;
  }
  if (evidence.known || known.empty()) return {};
  const DigestIndex::Entry& first = known.front();
  evidence.withdrawn = first.withdrawn->reason;
  return "list " + first.list->name + " is " + first.withdrawn->why;
}

bool Withdraws(const DigestIndex& index) {
  return !index.withdrawals()->revocations.digests().empty() ||
         std::ranges::any_of(index.lists(), [&index](const auto& list) {
           return index.WhyWithdrawn(*list) != nullptr;
         });
}

}  // namespace assayfs
