// SPDX-License-Identifier: Apache-2.0
// ScenarioSuite: scenario files, run one way or both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/scenario/alone/alone_runner.h"
#include "app/scenario/materials.h"
#include "app/scenario/scenario.h"
#include "app/scenario/scenario_report.h"

namespace assayfs {

// Threads: one at a time.
class ScenarioSuite {
 public:
  enum class Ways { kAlone, kBoth };
  // folder: for keys and files of the scenarios; private to the user. policy:
  // the file or the name of one that they are run with; empty: with their own.
  ScenarioSuite(const std::string& folder, Ways ways, std::string policy = {});

  // Reads a scenario file and runs it. Whatever fails is part of the outcome.
  ScenarioOutcome Run(const std::string& file);

 private:
  using Results = std::vector<StepResult>;

  // hints: what another way gave, or null.
  std::optional<Results> RunOneWay(ScenarioRunner& runner,
                                   const Scenario& scenario,
                                   const std::string& way, const Results* hints,
                                   ScenarioOutcome& outcome);
  void RunWays(const Scenario& scenario, ScenarioOutcome& outcome);

  TestKeys keys_;
  const std::string policy_;
  AloneRunner alone_{keys_};
  std::unique_ptr<ScenarioRunner> mounted_;  // null if it is not asked for
};

}  // namespace assayfs
