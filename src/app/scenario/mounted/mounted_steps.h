// SPDX-License-Identifier: Apache-2.0
// MountedSteps: doing the steps of a scenario to its mount.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/scenario/mounted/scenario_folder.h"
#include "app/scenario/mounted/scenario_mount.h"
#include "app/scenario/mounted/step_traces.h"
#include "app/scenario/scenario.h"
#include "base/result.h"

namespace assayfs {

// Threads: one at a time; the process must have no other.
class MountedSteps {
 public:
  // All borrowed; they must outlive this.
  MountedSteps(const Scenario& scenario, ScenarioFolder& folder,
               ScenarioMount& mount, StepTraces& traces)
      : scenario_(scenario),
        folder_(folder),
        mount_(mount),
        traces_(traces),
        policy_text_(scenario.policy),
        policy_signer_(scenario.policy_signer) {}

  // Does the next step, and waits for what is written down about it: for the
  // record of a denial, and for as much as is expected, but not long. Records
  // and measurements are not part of the result; traces has them.
  // Errors: those of UseFile, of ScenarioMount and of ScenarioFolder.
  Result<StepResult> Do(const Step& step);

 private:
  // real: the path of the file itself, or why root cannot reach it.
  Result<StepResult> Use(const Step& step, const Result<std::string>& real);
  Result<StepResult> UseOnce(const Step& step, const Result<std::string>& real);
  Result<StepResult> Write(const Step& step, const Result<std::string>& real);
  Result<StepResult> Change(const Step& step);
  Result<void> ChangeTree(const Step& step);
  bool ShowsChange(const std::string& path) const;
  Result<void> ChangeLists(const Step& step);
  Result<void> Reload(const Step& step);
  Result<nlohmann::json> AskWhy(const Step& step, const std::string& path);
  Result<void> Settle(const Step& step, const StepResult& result);

  const Scenario& scenario_;
  ScenarioFolder& folder_;
  ScenarioMount& mount_;
  StepTraces& traces_;
  // The policy that was loaded last.
  std::string policy_text_;
  std::string policy_signer_;
  std::size_t step_ = 0;  // the number of the current one
};

}  // namespace assayfs
