// SPDX-License-Identifier: Apache-2.0
// WithdrawalKeeper: the withdrawals that hold now, and where they are kept.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "appraise/withdrawals.h"
#include "base/guarded.h"
#include "base/result.h"

namespace assayfs {

// Threads: current() any; the rest one at a time each.
class WithdrawalKeeper {
 public:
  struct Options {
    std::string revocations;  // absolute, see Revocations::AddPath; may be ""
    // Rollback protection: the floors from before, packages exempt from them,
    // and what writes floors down that rose. Without the latter nothing has a
    // floor.
    Floors floors;
    std::set<std::string> exempt;
    std::function<Result<void>(const Floors&)> keep_floors;
  };
  explicit WithdrawalKeeper(Options options);

  // Never null.
  std::shared_ptr<const Withdrawals> current() const;
  const std::string& path() const { return options_.revocations; }

  // Reads the revocations anew. problem: of watching them, for problems(); may
  // be empty.
  // Errors: those of Revocations::AddPath; those that held before then stay.
  Result<void> ReadRevocations(const std::string& problem);

  // Raises the floors to what is loaded now.
  void RaiseFloors(const std::vector<std::shared_ptr<const LoadedList>>& lists);

  // Raises the floor of one name that is not a package's.
  void RaiseFloor(const std::string& name, const std::string& version);

  // Has floors written down if they rose since. May be slow.
  // Errors: those of keep_floors. The floors hold all the same, and the next
  // call tries again.
  Result<void> KeepFloors();

 private:
  void SetFloors(Floors raised);

  const Options options_;
  Floors kept_;
  Guarded<std::shared_ptr<const Withdrawals>> current_;
};

}  // namespace assayfs
