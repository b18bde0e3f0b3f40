// SPDX-License-Identifier: Apache-2.0
// Withdrawals: what is revoked, and what is behind its floor.
#include "appraise/withdrawals.h"

#include <cerrno>

#include "appraise/digest_index.h"

namespace assayfs {

std::string WhyRevoked(const Signer& signer, const std::string& package_name,
                       const std::string& package_version,
                       const Revocations& revocations) {
  for (const std::string& key : signer.keys) {
    const std::string why = revocations.WhyKey(key);
    if (!why.empty()) return why;
  }
  if (package_name.empty()) return {};
  return revocations.WhyPackage(package_name, package_version);
}

Result<void> RefuseRevoked(const Signer& signer,
                           const std::string& package_name,
                           const std::string& package_version,
                           const Revocations& revocations) {
  const std::string why =
      WhyRevoked(signer, package_name, package_version, revocations);
  if (why.empty()) return {};
  return Fail(EKEYREVOKED, "revoked: by \"" + why + "\"");
}

std::optional<Withdrawn> WhyWithdrawn(const LoadedList& list,
                                      const Withdrawals& withdrawals) {
  const std::string& package = list.package_name;
  const std::string why = WhyRevoked(list.signer, package, list.package_version,
                                     withdrawals.revocations);
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
