// SPDX-License-Identifier: Apache-2.0
// Runs the `lists`, `log`, `policy` and `verify` verbs inside the test program,
// and outside tools.
#pragma once

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/report.h"
#include "app/verbs.h"

namespace assayfs::testing {

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;

  nlohmann::json Json() const {
    return nlohmann::json::parse(out, nullptr, false);
  }
};

// Runs "assayfs WORDS..." and returns what main would end with.
inline Outcome RunTool(std::vector<std::string> words) {
  Outcome outcome;
  CLI::App app("test", "assayfs");
  app.require_subcommand(1);
  int status = kExitYes;
  AddListsVerb(app, status);
  AddLogVerb(app, status);
  AddPolicyVerb(app, status);
  AddVerifyVerb(app, status);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  try {
    // CLI11 takes the words from the back of the vector.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    outcome.status = status;
  } catch (const CLI::ParseError&) {
    outcome.status = kExitUsage;
  }
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

// Runs a command of the shell, silently; says whether it succeeded. For tools
// that make keys and databases.
inline bool Shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace assayfs::testing
