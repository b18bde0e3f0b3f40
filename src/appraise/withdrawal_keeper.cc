// SPDX-License-Identifier: Apache-2.0
// WithdrawalKeeper: reading revocations, raising floors.
#include "appraise/withdrawal_keeper.h"

#include <utility>

namespace assayfs {

WithdrawalKeeper::WithdrawalKeeper(Options options)
    : options_(std::move(options)), kept_(options_.floors) {
  auto first = std::make_shared<Withdrawals>();
  first->floors = options_.floors;
  first->exempt = options_.exempt;
  current_.With([&](auto& current) { current = std::move(first); });
}

std::shared_ptr<const Withdrawals> WithdrawalKeeper::current() const {
  return current_.With([](const auto& current) { return current; });
}

Result<void> WithdrawalKeeper::ReadRevocations(const std::string& problem) {
  Revocations fresh;
  auto read = fresh.AddPath(options_.revocations);
  if (!problem.empty()) fresh.AddProblem(problem);
  if (!read) {
    fresh.AddProblem("revocations: " + read.error().message());
    fresh.Merge(current()->revocations);
  }
  current_.With([&](auto& current) {
    auto changed = std::make_shared<Withdrawals>(*current);
    changed->revocations = std::move(fresh);
    current = std::move(changed);
  });
  return read;
}

void WithdrawalKeeper::RaiseFloors(
    const std::vector<std::shared_ptr<const LoadedList>>& lists) {
  if (!options_.keep_floors) return;
  SetFloors(current()->floors.RaisedBy(lists, options_.exempt));
}

void WithdrawalKeeper::RaiseFloor(const std::string& name,
                                  const std::string& version) {
  if (!options_.keep_floors) return;
  SetFloors(current()->floors.RaisedTo(name, version));
}

void WithdrawalKeeper::SetFloors(Floors raised) {
  if (raised == current()->floors) return;
  current_.With([&](auto& current) {
    auto changed = std::make_shared<Withdrawals>(*current);
    changed->floors = std::move(raised);
    current = std::move(changed);
  });
}

Result<void> WithdrawalKeeper::KeepFloors() {
  if (!options_.keep_floors) return {};
  const auto now = current();
  if (now->floors == kept_) return {};
  auto done = options_.keep_floors(now->floors);
  if (done) kept_ = now->floors;
  return done;
}

}  // namespace assayfs
