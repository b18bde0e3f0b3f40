// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseScenario with text as it comes: what is refused is refused with
// its place, and what is read can be run.
#include <algorithm>
#include <string>
#include <string_view>

#include "app/scenario/compare_results.h"
#include "app/scenario/format/parse_scenario.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

void CheckPath(std::string_view path) {
  Require(path.starts_with('/') && !path.ends_with('/'));
  Require((std::string(path) + "/").find("/../") == std::string::npos);
  Require(path.find('\0') == std::string_view::npos);
}

void CheckLists(const Scenario& scenario,
                const std::map<std::string, ScenarioList>& lists) {
  for (const auto& [name, list] : lists) {
    Require(name.find('/') == std::string::npos);
    for (const std::string& file : list.files) {
      Require(scenario.tree.contains(file));
    }
    for (const auto& [path, content] : list.contents) CheckPath(path);
  }
}

void CheckSteps(const Scenario& scenario) {
  Require(!scenario.steps.empty());
  unsigned line = 0;
  for (const Step& step : scenario.steps) {
    Require(step.line >= std::max(line, 1u) && step.mask != 0);
    line = step.line;
    const bool of_list = !step.list.empty();
    Require(!of_list || scenario.lists.contains(step.list) ||
            scenario.more_lists.contains(step.list));
    for (const std::string& path : {step.path, step.to, step.exe}) {
      if (!path.empty()) CheckPath(path);
    }
    Require(StepText(step).find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  const auto text = assayfs::AsText(AsInput(data, size));
  const auto scenario = assayfs::ParseScenario("name", text);
  if (!scenario) {
    const std::string& message = scenario.error().message();
    Require(message.starts_with("name.toml:") && message[10] >= '1' &&
            message[10] <= '9');
    return 0;
  }
  Require(!scenario->title.empty() && !scenario->policy.empty());
  for (const auto& [path, entry] : scenario->tree) CheckPath(path);
  CheckLists(*scenario, scenario->lists);
  CheckLists(*scenario, scenario->more_lists);
  CheckSteps(*scenario);
  return 0;
}
