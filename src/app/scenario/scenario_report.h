// SPDX-License-Identifier: Apache-2.0
// What came of scenarios, printed in three forms.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/scenario/compare_results.h"

namespace assayfs {

struct ScenarioOutcome {
  std::string name = {};
  std::string title = {};
  std::string file = {};
  std::size_t steps = 0;
  double seconds = 0;
  std::vector<Difference> differences = {};
  std::string error = {};    // it could not be run at all
  std::string skipped = {};  // why it was not run

  bool passed() const { return differences.empty() && error.empty(); }
};

// All are of printable ASCII; other bytes come as "\xNN".

// A line for a scenario; one that failed has each difference on lines of its
// own.
std::string OutcomeText(const ScenarioOutcome& outcome);
// A line with the counts of all.
std::string CountsText(const std::vector<ScenarioOutcome>& outcomes);

// TAP version 14, with differences in YAML. Source: testanything.org.
// The first lines; count: of scenarios.
std::string TapHead(std::size_t count);
// What follows for each of them; number: from 1.
std::string OutcomeTap(const ScenarioOutcome& outcome, std::size_t number);

// JUnit XML, as Jenkins and GitLab read it: one suite, a test case for each.
std::string OutcomesJunit(const std::vector<ScenarioOutcome>& outcomes);

}  // namespace assayfs
