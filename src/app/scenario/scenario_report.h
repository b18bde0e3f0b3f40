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

// All three are of printable ASCII; other bytes come as "\xNN".

// A line for each scenario, those that failed with each difference on lines of
// its own, and a last line with the counts.
std::string OutcomesText(const std::vector<ScenarioOutcome>& outcomes);
// TAP version 14, with differences in YAML. Source: testanything.org.
std::string OutcomesTap(const std::vector<ScenarioOutcome>& outcomes);
// JUnit XML, as Jenkins and GitLab read it: one suite, a test case for each.
std::string OutcomesJunit(const std::vector<ScenarioOutcome>& outcomes);

}  // namespace assayfs
