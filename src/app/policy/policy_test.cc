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
#include "app/scenario/mounted/mount_runner.h"
#include "app/scenario/scenario_report.h"
#include "app/scenario/scenario_suite.h"
#include "app/scenario/stop_request.h"
#include "base/files.h"
#include "base/scratch_folder.h"

namespace assayfs {
namespace {

constexpr std::string_view kSuffix = ".toml";

struct Options {
  std::vector<std::string> paths;
  bool mounted = false;
  bool tap = false;
  std::string policy;
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
      if (!name.ends_with(kSuffix)) continue;
      files.push_back(std::filesystem::path(path) / name);
    }
    if (files.size() == before) {
      return Fail(ENOENT, path + ": no scenarios (*.toml) there");
    }
  }
  return files;
}

using Outcomes = std::vector<ScenarioOutcome>;

int StatusOf(const Outcomes& outcomes) {
  int status = kExitYes;
  for (const ScenarioOutcome& outcome : outcomes) {
    if (!outcome.error.empty()) return kExitFailed;
    if (!outcome.differences.empty()) status = kExitNo;
  }
  const bool tried = std::ranges::any_of(outcomes, [](const auto& outcome) {
    return outcome.skipped.empty() || !outcome.passed();
  });
  return tried ? status : kExitFailed;
}

// Runs them in their order and prints what comes of each, until a signal comes:
// then what has been run is all.
Outcomes RunAll(const std::vector<std::string>& files, bool tap,
                ScenarioSuite& suite) {
  Outcomes outcomes;
  if (tap) std::cout << TapHead(files.size()) << std::flush;
  for (const std::string& file : files) {
    if (StopRequest::Signal() != 0) break;
    ScenarioOutcome outcome = suite.Run(file);
    // Interrupted, it tells nothing.
    if (StopRequest::Signal() != 0 && !outcome.error.empty()) break;
    outcomes.push_back(std::move(outcome));
    std::cout << (tap ? OutcomeTap(outcomes.back(), outcomes.size())
                      : OutcomeText(outcomes.back()))
              << std::flush;
  }
  return outcomes;
}

int ReportStop(int number, std::size_t run, std::size_t all, bool tap) {
  const std::string said = "stopped by signal " + std::to_string(number) +
                           " after " + std::to_string(run) + " of " +
                           std::to_string(all) + " scenarios";
  if (tap) std::cout << "Bail out! " << said << std::endl;
  ReportFailure("policy test", said);
  return 128 + number;
}

int RunIn(const std::string& folder, const std::vector<std::string>& files,
          const Options& options) {
  ScenarioSuite suite(folder,
                      options.mounted ? ScenarioSuite::Ways::kBoth
                                      : ScenarioSuite::Ways::kAlone,
                      options.policy);
  const Outcomes outcomes = RunAll(files, options.tap, suite);
  if (const int number = StopRequest::Signal(); number != 0) {
    return ReportStop(number, outcomes.size(), files.size(), options.tap);
  }
  if (!options.tap) std::cout << CountsText(outcomes);
  if (!options.junit.empty()) {
    std::ofstream out(options.junit);
    out << OutcomesJunit(outcomes);
    out.close();
    if (!out) return ReportFailure(options.junit, "cannot be written");
  }
  return StatusOf(outcomes);
}

int Test(const Options& options) {
  if (options.mounted) {
    const std::string why = MountRunner::WhyImpossible();
    if (!why.empty()) return ReportFailure("policy test --mount", why);
  }
  const auto files = FindScenarios(options.paths);
  if (!files) return ReportFailure("policy test", files.error());
  const StopRequest stop;
  const ScratchFolder folder("policy-test");
  if (folder.path().empty()) {
    return ReportFailure("policy test", "cannot make a temporary folder");
  }
  return RunIn(folder.path(), *files, options);
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
      ->type_name("FILE")
      ->check([](const std::string& name) {
        return name == "-" ? "it must be a file: the outcome is printed" : "";
      });
  test->add_option("--policy", options->policy,
                   "run them with this policy instead of their own")
      ->type_name("NAME|FILE");
  test->add_option("scenarios", options->paths,
                   "scenario files, or folders of them")
      ->type_name("FILE|FOLDER")
      ->required();
  test->callback([options, &exit_status] { exit_status = Test(*options); });
}

}  // namespace assayfs
