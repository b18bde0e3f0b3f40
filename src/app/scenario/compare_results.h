// SPDX-License-Identifier: Apache-2.0
// What steps gave, compared with what was expected.
#pragma once

#include <string>
#include <vector>

#include "app/scenario/scenario.h"

namespace assayfs {

// One difference between two that speak of a step: "expected", what the
// scenario says; "alone", the decision code alone; "mounted", a mount.
struct Difference {
  unsigned line = 0;  // of the step in the scenario file
  std::string step;   // the step in words, such as "open /a for read by uid 5"
  std::string what;   // the member of Expectation
  std::string expected;  // several lines for records and measured
  std::string got;
  std::string got_from;                    // "alone" or "mounted"
  std::string expected_from = "expected";  // or "alone"
};

// Compares what was expected with what one way gave, which has a result for
// each step. A step of which no error is expected must have none.
std::vector<Difference> CompareWithExpected(
    const Scenario& scenario, const std::vector<StepResult>& results,
    const std::string& got_from);
// Compares two ways with each other; "expected" is what the first gave. Errors
// of reloads are compared by whether there is one: they may name files.
std::vector<Difference> CompareWays(const Scenario& scenario,
                                    const std::vector<StepResult>& alone,
                                    const std::vector<StepResult>& mounted);

// The step in words, as one printable line.
std::string StepText(const Step& step);
// What the error of a step on files says: its paths, and what code stands for.
std::string StepErrorText(const Step& step, int code);
// What the error says of a use that was not denied, before the verdict.
inline constexpr char kUsedAllTheSame[] =
    "the file could be used, but `why` says ";
// Takes the path of a folder off what a message names in it: such a folder has
// another name each time.
std::string WithoutFolder(std::string message, const std::string& folder);

// Says whether a step changes the tree without being judged.
bool ChangesTree(Step::Action action);

}  // namespace assayfs
