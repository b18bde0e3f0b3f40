// SPDX-License-Identifier: Apache-2.0
// Withdrawals: what makes a list that is loaded count no more.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "appraise/floors.h"
#include "assayfs/verdict.h"
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

// Returns why the list does not count; nothing if it does.
// Threads: pure function.
std::optional<Withdrawn> WhyWithdrawn(const LoadedList& list,
                                      const Withdrawals& withdrawals);

}  // namespace assayfs
