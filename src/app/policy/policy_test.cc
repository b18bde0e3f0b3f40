// SPDX-License-Identifier: Apache-2.0
// `policy test`: runs scenarios, and tells what did not come as expected.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/scenario/mount_runner.h"
#include "app/scenario/scenario_report.h"
#include "app/scenario/scenario_suite.h"
#include "base/files.h"
#include "base/scratch_folder.h"

namespace assayfs {
namespace {

constexpr std::string_view kSuffix = ".toml";

struct Options {
  std::vector<std::string> paths;
  bool mounted = false;
  bool tap = false;
  std::string junit;
};

// Returns the scenario files that paths name, those of a folder in the order of
// their names. Errors: ENOENT for a folder without any.
Result<std::vector<std::string>> FindScenarios(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const auto names = NamesIn(path);
    if (!names) return Fail(names.error());
    const std::size_t before = files.size();
    for (const std::string& name : *names) {
      if (name.ends_with(kSuffix)) files.push_back(path + "/" + name);
    }
    if (files.size() == before) {
      return Fail(ENOENT, path + ": no scenarios (*.toml) there");
    }
  }
  return files;
}

int StatusOf(const std::vector<ScenarioOutcome>& outcomes) {
  int status = kExitYes;
  for (const ScenarioOutcome& outcome : outcomes) {
    if (!outcome.error.empty()) return kExitFailed;
    if (!outcome.differences.empty()) status = kExitNo;
  }
  return status;
}

int Test(const Options& options) {
  if (options.mounted) {
    const std::string why = MountRunner::WhyImpossible();
    if (!why.empty()) return ReportFailure("policy test --mount", why);
  }
  const auto files = FindScenarios(options.paths);
  if (!files) return ReportFailure("policy test", files.error());
  const ScratchFolder folder("policy-test");
  if (folder.path().empty()) {
    return ReportFailure("policy test", "cannot make a temporary folder");
  }
  ScenarioSuite suite(folder.path(), options.mounted
                                         ? ScenarioSuite::Ways::kBoth
                                         : ScenarioSuite::Ways::kAlone);
  std::vector<ScenarioOutcome> outcomes;
  for (const std::string& file : *files) outcomes.push_back(suite.Run(file));
  std::cout << (options.tap ? OutcomesTap(outcomes) : OutcomesText(outcomes));
  if (!options.junit.empty()) {
    std::ofstream out(options.junit);
    out << OutcomesJunit(outcomes);
    out.close();
    if (!out) return ReportFailure(options.junit, "cannot be written");
  }
  return StatusOf(outcomes);
}

}  // namespace

void AddPolicyTest(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* test = policy.add_subcommand(
      "test", "Run scenarios: what a policy must allow and deny");
  test->add_flag("--mount", options->mounted,
                 "run them on a real mount with a TPM in software as well, "
                 "and compare; needs root, FUSE and swtpm");
  test->add_flag("--tap", options->tap,
                 "print TAP, the Test Anything Protocol");
  test->add_option("--junit", options->junit, "write JUnit XML there, too")
      ->type_name("FILE");
  test->add_option("scenarios", options->paths,
                   "scenario files, or folders of them")
      ->type_name("FILE|FOLDER")
      ->required();
  test->callback([options, &exit_status] { exit_status = Test(*options); });
}

}  // namespace assayfs
