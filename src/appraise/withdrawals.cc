// SPDX-License-Identifier: Apache-2.0
// Withdrawals: what is revoked, and what is behind its floor.
#include "appraise/withdrawals.h"

#include "appraise/digest_index.h"

namespace assayfs {

std::optional<Withdrawn> WhyWithdrawn(const LoadedList& list,
                                      const Withdrawals& withdrawals) {
  const Revocations& revocations = withdrawals.revocations;
  std::string why;
  for (const std::string& key : list.signer.keys) {
    if (why.empty()) why = revocations.WhyKey(key);
  }
  const std::string& package = list.package_name;
  if (why.empty() && !package.empty()) {
    why = revocations.WhyPackage(package, list.package_version);
  }
  if (!why.empty()) {
    return Withdrawn{Reason::kRevoked, "revoked by \"" + why + "\""};
  }
  if (!withdrawals.exempt.contains(package) &&
      withdrawals.floors.IsBehind(package, list.package_version)) {
    return Withdrawn{Reason::kRolledBack, "rolled back: older than " + package +
                                              " " +
                                              withdrawals.floors.Of(package) +
                                              ", which was used before"};
  }
  return std::nullopt;
}

}  // namespace assayfs
