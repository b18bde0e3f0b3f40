// SPDX-License-Identifier: Apache-2.0
// MountedSteps: doing the steps of a scenario to its mount.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "app/scenario/scenario_folder.h"
#include "app/scenario/scenario_mount.h"
#include "app/scenario/step_traces.h"
#include "base/result.h"

namespace assayfs {

// Threads: one at a time; the process must have no other.
class MountedSteps {
 public:
  // All borrowed; they must outlive this.
  MountedSteps(const Scenario& scenario, ScenarioFolder& folder,
               ScenarioMount& mount, StepTraces& traces)
      : scenario_(scenario), folder_(folder), mount_(mount), traces_(traces) {}

  // Does the next step, and waits for what is written down about it: for the
  // record of a denial, and for as much as is expected, but not long. Records
  // and measurements are not part of the result; traces has them.
  // Errors: those of UseFile, of ScenarioMount and of ScenarioFolder; what
  // cannot be done below the mount.
  Result<StepResult> Do(const Step& step);

 private:
  Result<StepResult> Use(const Step& step, const std::string& path);
  Result<StepResult> UseOnce(const Step& step, const std::string& path);
  Result<StepResult> Write(const Step& step, const std::string& path);
  Result<StepResult> Change(const Step& step);
  Result<void> ChangeThrough(const Step& step);
  Result<void> ChangeBelow(const Step& step);
  Result<void> ChangeLists(const Step& step);
  Result<void> Reload(const Step& step);
  Result<nlohmann::json> AskWhy(const Step& step, const std::string& path);
  Result<void> Settle(const Step& step, const StepResult& result);

  const Scenario& scenario_;
  ScenarioFolder& folder_;
  ScenarioMount& mount_;
  StepTraces& traces_;
  std::size_t step_ = 0;  // the number of the current one
};

}  // namespace assayfs
