// SPDX-License-Identifier: Apache-2.0
// DecideUse: decides a use of content by an index, without a file.
#include "app/uses/decide_use.h"

#include <algorithm>
#include <utility>

namespace assayfs {
namespace {

Binding InBoth(const Binding& a, const Binding& b) {
  return {a.path && b.path, a.mode && b.mode, a.owner && b.owner,
          a.caps && b.caps, a.link && b.link};
}

Binding Without(const Binding& a, const Binding& b) {
  return {a.path && !b.path, a.mode && !b.mode, a.owner && !b.owner,
          a.caps && !b.caps, a.link && !b.link};
}

// As BoundTree::Compare. known: not empty.
void Compare(const KnownFile& file, const Binding& binding,
             const std::vector<DigestIndex::Entry>& known, const Owners& owners,
             Evidence& evidence, std::string& detail) {
  evidence.in_place = false;
  for (const DigestIndex::Entry& entry : known) {
    if (!entry.counts()) continue;
    if (binding.path && !std::ranges::count(file.paths, entry.path())) continue;
    evidence.in_place = true;
    const std::string difference =
        DifferenceOf(entry.attributes(), file.attributes, binding, owners);
    evidence.attributes_hold = difference.empty();
    if (evidence.attributes_hold) {
      detail.clear();
      return;
    }
    detail = "list " + entry.list->name + ": " + difference;
  }
  if (evidence.in_place) return;
  const DigestIndex::Entry& first = known.front();
  detail = "list " + first.list->name + " gives it the path " +
           std::string(first.path());
}

// What one demand found.
struct Found {
  Evidence evidence;
  Grounds grounds;
};

Found LookUp(const Policy& policy, const DigestIndex& index,
             const Demand& demand, const KnownFile& file, const Owners& owners,
             Binding& not_compared) {
  Found found;
  Evidence& evidence = found.evidence;
  evidence.regular = file.regular;
  evidence.writer_active = file.writer_active;
  evidence.failed = file.failed;
  if (!file.regular || file.writer_active || file.failed) return found;
  Content content;
  content.digests = file.digests;
  found.grounds = LookUpContent(policy, index, content, demand, evidence);
  if (!evidence.known) {
    AddExpected(index, file.paths, demand, found.grounds, evidence);
    return found;
  }
  if (demand.appraise == nullptr) return found;
  const Binding& bind = demand.appraise->terms.bind;
  AddBinding(Without(bind, file.comparable), not_compared);
  const Binding compared = InBoth(bind, file.comparable);
  const auto known = KnownByAppraised(policy, found.grounds.known);
  if (!compared.any() || known.empty()) return found;
  std::string detail;
  Compare(file, compared, known, owners, evidence, detail);
  if (found.grounds.detail.empty()) found.grounds.detail = std::move(detail);
  return found;
}

}  // namespace

UseDecision DecideUse(const Policy& policy, const DigestIndex& index,
                      const DemandList& demands, const KnownFile& file,
                      const Owners& owners) {
  UseDecision all;
  for (const Demand& demand : demands.all()) {
    Found found = LookUp(policy, index, demand, file, owners, all.not_compared);
    if (all.Add(demand, found.evidence)) {
      all.grounds = std::move(found.grounds);
    }
  }
  return all;
}

std::vector<HashAlgorithm> MissingAlgorithms(
    const DigestIndex& index, std::span<const Demand> demands,
    const std::vector<Digest>& digests) {
  const auto& revoked = index.withdrawals()->revocations.digests();
  auto missing = index.algorithms();
  std::erase_if(missing, [&](HashAlgorithm algorithm) {
    if (std::ranges::count(digests, algorithm, &Digest::algorithm)) return true;
    if (demands.empty() ||
        std::ranges::count(revoked, algorithm, &Digest::algorithm)) {
      return false;
    }
    return std::ranges::none_of(demands, [algorithm](const Demand& demand) {
      return Counts(demand.rule(), algorithm);
    });
  });
  return missing;
}

}  // namespace assayfs
