// SPDX-License-Identifier: Apache-2.0
// AloneRunner: scenarios by the decision code alone.
#pragma once

#include <string>

#include "app/scenario/materials.h"
#include "app/scenario/scenario.h"

namespace assayfs {

// Keeps the tree in memory. Rules are matched, lists checked and looked up, and
// uses decided by the code that mounts use; what only a mount can know (who
// waits for whom, what the kernel caches) is left out. Needs no privilege.
// Policies are in a folder below that of the keys; nothing of it stays.
class AloneRunner : public ScenarioRunner {
 public:
  // keys: borrowed.
  explicit AloneRunner(TestKeys& keys) : keys_(keys) {}

  // Errors: kNotOnThisMachine for what Materials cannot make here; those of
  // LoadMountPolicy; ENOENT for a list that is not there; EINTR if a
  // StopRequest came.
  Result<std::vector<StepResult>> Run(const Scenario& scenario) override;

 private:
  TestKeys& keys_;
};

}  // namespace assayfs
