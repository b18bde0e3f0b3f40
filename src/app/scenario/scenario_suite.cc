// SPDX-License-Identifier: Apache-2.0
// ScenarioSuite: scenario files, run one way or both.
#include "app/scenario/scenario_suite.h"

#include <fcntl.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "app/scenario/format/parse_scenario.h"
#include "app/scenario/format/toml_values.h"
#include "app/scenario/mounted/mount_runner.h"
#include "app/scenario/policy_from_file.h"
#include "base/files.h"
#include "base/numbers.h"

namespace assayfs {
namespace {

Result<Scenario> ReadScenario(const std::string& file,
                              const std::string& policy) {
  const auto bytes = ReadFileAt(AT_FDCWD, file, kMaxTomlBytes);
  if (!bytes) return Fail(bytes.error());
  const std::filesystem::path path(file);
  auto scenario = ParseScenario(path.stem(), AsText(*bytes));
  if (!scenario) return scenario;
  Result<void> taken;
  if (!policy.empty()) {
    taken = TakePolicy(policy, *scenario);
  } else if (!scenario->policy_file.empty()) {
    taken =
        TakePolicyBelow(path.parent_path(), scenario->policy_file, *scenario);
  }
  if (!taken) return Fail(std::move(taken).error().WithContext("policy"));
  return scenario;
}

// Puts the place in the scenario file, or the policy file, before what is said
// of a line of rules, as "NAME:LINE:...".
std::string WithPlace(const Scenario& scenario, const std::string& message) {
  const auto name_end = message.find(':');
  const auto found = scenario.rules.find(message.substr(0, name_end));
  if (found == scenario.rules.end() || name_end == message.npos) return message;
  const auto end = message.find(':', name_end + 1);
  const auto line =
      ParseNumber<unsigned>(message.substr(name_end + 1, end - name_end - 1));
  if (!line || *line == 0 || end == message.npos) return message;
  const RulesPlace& place = found->second;
  const unsigned there = place.spread ? place.line + *line - 1 : place.line;
  return place.file + ":" + std::to_string(there) +
         (place.spread ? message.substr(end) : ": " + message);
}

// Records name digests, and where lists are: what is compared is who was denied
// what, and why.
void Shorten(std::vector<StepResult>& results) {
  for (StepResult& result : results) {
    for (std::string& record : result.records) {
      record = record.substr(0, record.find(" ("));
    }
  }
}

void Append(std::vector<Difference> more, std::vector<Difference>& all) {
  for (Difference& difference : more) all.push_back(std::move(difference));
}

// What alone gave is worth waiting for on a mount, which writes it down a
// moment later.
Scenario WithHints(Scenario scenario, const std::vector<StepResult>& alone) {
  for (std::size_t i = 0; i < alone.size(); ++i) {
    Expectation& expect = scenario.steps[i].expect;
    if (!expect.records) expect.records = alone[i].records;
    if (!expect.measured) expect.measured = alone[i].measured;
  }
  return scenario;
}

}  // namespace

ScenarioSuite::ScenarioSuite(const std::string& folder, Ways ways,
                             std::string policy)
    : keys_(folder), policy_(std::move(policy)) {
  if (ways == Ways::kBoth) mounted_ = std::make_unique<MountRunner>(keys_);
}

std::optional<ScenarioSuite::Results> ScenarioSuite::RunOneWay(
    ScenarioRunner& runner, const Scenario& scenario, const std::string& way,
    const Results* hints, ScenarioOutcome& outcome) {
  auto results =
      runner.Run(hints == nullptr ? scenario : WithHints(scenario, *hints));
  if (!results) {
    const bool cannot = results.error().code() == kNotOnThisMachine;
    (cannot ? outcome.skipped : outcome.error) =
        way + ": " + WithPlace(scenario, results.error().message());
    return std::nullopt;
  }
  Shorten(*results);
  Append(CompareWithExpected(scenario, *results, way), outcome.differences);
  return std::move(*results);
}

void ScenarioSuite::RunWays(const Scenario& scenario,
                            ScenarioOutcome& outcome) {
  std::optional<Results> alone;
  std::optional<Results> mounted;
  if (scenario.only_mounted.empty()) {
    alone = RunOneWay(alone_, scenario, "alone", nullptr, outcome);
  } else if (!mounted_) {
    outcome.skipped = "runs mounted only: " + scenario.only_mounted;
  }
  if (mounted_ && scenario.only_alone.empty()) {
    mounted = RunOneWay(*mounted_, scenario, "mounted",
                        alone ? &*alone : nullptr, outcome);
  }
  if (alone && mounted) {
    Append(CompareWays(scenario, *alone, *mounted), outcome.differences);
  }
}

ScenarioOutcome ScenarioSuite::Run(const std::string& file) {
  ScenarioOutcome outcome;
  outcome.file = file;
  outcome.name = std::filesystem::path(file).stem();
  const auto start = std::chrono::steady_clock::now();
  const auto scenario = ReadScenario(file, policy_);
  if (scenario) {
    outcome.title = scenario->title;
    outcome.steps = scenario->steps.size();
    RunWays(*scenario, outcome);
  } else {
    outcome.error = scenario.error().message();
  }
  const auto taken = std::chrono::steady_clock::now() - start;
  outcome.seconds = std::chrono::duration<double>(taken).count();
  return outcome;
}

}  // namespace assayfs
