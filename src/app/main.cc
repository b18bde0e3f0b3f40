// SPDX-License-Identifier: Apache-2.0
// assayfs: one program, with verbs. Builds the command line and runs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "app/report.h"
#include "app/settings/mount_helper.h"
#include "app/verbs.h"

namespace {

using assayfs::ExitStatus;

// CLI11 throws for --help and --version as well as for wrong usage.
int Explain(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return app.exit(error);
  }
  if (app.get_subcommands().empty()) {
    const auto words = app.remaining();
    assayfs::ReportFailure(
        "usage", words.empty() ? "no verb given; see assayfs --help"
                               : "\"" + words.front() +
                                     "\" is not known; see assayfs --help");
    return ExitStatus::kExitUsage;
  }
  const CLI::App* verb = &app;
  std::string name;
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    name += (name.empty() ? "" : " ") + verb->get_name();
  }
  assayfs::ReportFailure(
      name, std::string(error.what()) + "; see assayfs " + name + " --help");
  return ExitStatus::kExitUsage;
}

// Takes the command of `run` and `update` off words. CLI11 reads more into
// words than they say, "[a,b]" as a list for one.
std::vector<std::string> TakeCommand(std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words.front();
  if (verb != "run" && verb != "update") return {};
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> command(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  auto words = assayfs::WordsOfCommandLine(std::move(arguments));
  if (!words) {
    assayfs::ReportFailure("mount.assayfs", words.error());
    return ExitStatus::kExitUsage;
  }

  const auto command = TakeCommand(*words);
  CLI::App app("Lets a file be used only if a signed list knows its content",
               "assayfs");
  app.set_version_flag("--version", "assayfs " ASSAYFS_VERSION);
  app.require_subcommand(1);
  int exit_status = ExitStatus::kExitYes;
  assayfs::AddMountVerb(app, exit_status);
  assayfs::AddStatusVerb(app, exit_status);
  assayfs::AddWhyVerb(app, exit_status);
  assayfs::AddReloadVerb(app, exit_status);
  assayfs::AddListsVerb(app, exit_status);
  assayfs::AddPolicyVerb(app, exit_status);
  assayfs::AddLogVerb(app, exit_status);
  assayfs::AddVerifyVerb(app, exit_status);
  assayfs::AddRunVerb(app, command, exit_status);
  assayfs::AddUpdateVerb(app, command, exit_status);
  try {
    // CLI11 takes the words from the back of the vector.
    app.parse(std::vector<std::string>(words->rbegin(), words->rend()));
  } catch (const CLI::ParseError& error) {
    return Explain(app, error);
  }
  return exit_status;
}
