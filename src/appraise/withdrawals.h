// SPDX-License-Identifier: Apache-2.0
// Withdrawals: what makes a list that is loaded count no more.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "appraise/floors.h"
#include "assayfs/signature_verifier.h"
#include "assayfs/verdict.h"
#include "base/result.h"
#include "trust/revocations.h"

namespace assayfs {

struct LoadedList;

// Why a list does not count.
struct Withdrawn {
  Reason reason;    // kRevoked or kRolledBack
  std::string why;  // one line for people
};

struct Withdrawals {
  Revocations revocations;
  Floors floors;
  std::set<std::string> exempt;  // packages that may fall behind their floor
};

// Returns the entry that revokes a list: by one of the keys that vouch for it,
// or by its package. Empty if none does. Threads: pure function.
std::string WhyRevoked(const Signer& signer, const std::string& package_name,
                       const std::string& package_version,
                       const Revocations& revocations);

// Refuses a list that is revoked, for those who look at it once.
// Errors: EKEYREVOKED "revoked: by "ENTRY"". Threads: pure function.
Result<void> RefuseRevoked(const Signer& signer,
                           const std::string& package_name,
                           const std::string& package_version,
                           const Revocations& revocations);

// Returns why the list does not count; nothing if it does.
// Threads: pure function.
std::optional<Withdrawn> WhyWithdrawn(const LoadedList& list,
                                      const Withdrawals& withdrawals);

}  // namespace assayfs
