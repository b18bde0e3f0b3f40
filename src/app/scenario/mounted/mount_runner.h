// SPDX-License-Identifier: Apache-2.0
// MountRunner: scenarios on a real mount, with a real TPM in software.
#pragma once

#include <string>
#include <vector>

#include "app/scenario/materials.h"
#include "app/scenario/scenario.h"

namespace assayfs {

// Gives each scenario a daemon, a mount and a TPM of its own, in a folder below
// that of the keys; nothing of it stays. Files are used by children that become
// what a step says. A verdict is what became of such a use; reason and line are
// what the daemon says of the same use, and the error says so if both differ.
// REQUIRES: the process has one thread.
class MountRunner : public ScenarioRunner {
 public:
  // keys: borrowed.
  explicit MountRunner(TestKeys& keys) : keys_(keys) {}

  // Says why it cannot work for this process; empty if it can.
  static std::string WhyImpossible();

  // Errors: kNotOnThisMachine for a step that needs a container where no
  // control groups can be made, or what Materials cannot make here; those of
  // UseFile and of a mount; ENOENT for a list that is not there; EIO if the PCR
  // is not what the log gives; EINTR if a StopRequest came.
  Result<std::vector<StepResult>> Run(const Scenario& scenario) override;

 private:
  TestKeys& keys_;
};

}  // namespace assayfs
