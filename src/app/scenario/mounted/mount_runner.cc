// SPDX-License-Identifier: Apache-2.0
// MountRunner: scenarios on a real mount, with a real TPM in software.
#include "app/scenario/mounted/mount_runner.h"

#include <algorithm>
#include <utility>

#include "app/scenario/mounted/mounted_steps.h"
#include "app/scenario/mounted/scenario_folder.h"
#include "app/scenario/mounted/scenario_mount.h"
#include "app/scenario/mounted/step_traces.h"
#include "app/scenario/stop_request.h"

namespace assayfs {
namespace {

// What is judged when it is read is read again by the kernel, in a smaller
// piece, once it was denied.
void DropRepeated(std::vector<std::string>& records) {
  records.erase(std::unique(records.begin(), records.end()), records.end());
}

Result<std::vector<StepResult>> RunSteps(const Scenario& scenario,
                                         ScenarioFolder& folder,
                                         ScenarioMount& mount) {
  auto traces = StepTraces::Open({.records = mount.records_path(),
                                  .log = mount.log_path(),
                                  .mount_point = mount.mount_point(),
                                  .lists = folder.lists(),
                                  .policies = folder.policies()});
  if (!traces) return Fail(traces.error());
  if (auto read = traces->Read(); !read) return Fail(std::move(read).error());
  MountedSteps steps(scenario, folder, mount, *traces);
  std::vector<StepResult> results;
  for (const Step& step : scenario.steps) {
    if (auto go_on = StopRequest::Check(); !go_on) {
      return Fail(std::move(go_on).error());
    }
    auto result = steps.Do(step);
    if (!result) {
      return Fail(std::move(result).error().WithContext(
          "step at line " + std::to_string(step.line)));
    }
    results.push_back(std::move(*result));
  }
  if (auto stopped = mount.Stop(); !stopped) {
    return Fail(std::move(stopped).error());
  }
  if (auto read = traces->Read(); !read) return Fail(std::move(read).error());
  for (std::size_t step = 0; step < results.size(); ++step) {
    results[step].records = traces->RecordsOf(step);
    if (scenario.read_only) DropRepeated(results[step].records);
    results[step].measured = traces->MeasuredBy(step);
  }
  return results;
}

Result<std::vector<StepResult>> RunMounted(const Scenario& scenario,
                                           ScenarioFolder& folder,
                                           TestKeys& keys) {
  auto mount = ScenarioMount::Start(scenario, folder, keys);
  if (!mount) return Fail(mount.error());
  auto results = RunSteps(scenario, folder, **mount);
  if (!results || results->empty()) return results;
  const auto same = (*mount)->CheckPcrs();
  if (!same) return Fail(same.error());
  return results;
}

}  // namespace

std::string MountRunner::WhyImpossible() {
  return ScenarioMount::WhyImpossible();
}

Result<std::vector<StepResult>> MountRunner::Run(const Scenario& scenario) {
  Materials materials(scenario, keys_);
  ScenarioFolder folder(keys_.folder(), scenario, materials);
  if (auto filled = folder.Fill(); !filled) return Fail(filled.error());
  auto results = RunMounted(scenario, folder, keys_);
  if (results) return results;
  return Fail(results.error().code(),
              folder.WithoutPath(results.error().message()));
}

}  // namespace assayfs
