// SPDX-License-Identifier: Apache-2.0
// assayfs run: a command inside a judged root file system.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "app/report.h"
#include "app/run/run_command.h"
#include "app/settings/setting_options.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

struct RunArguments {
  std::string root;
  std::shared_ptr<SettingArguments> settings;
};

int Run(const RunArguments& arguments,
        const std::vector<std::string>& command) {
  if (command.empty()) {
    ReportFailure("run", "no command given (run ROOTFS -- COMMAND...)");
    return kExitUsage;
  }
  auto settings = JoinSettings(*arguments.settings, {});
  if (!settings) return ReportSettingsError("run", settings.error());
  auto set = SetPaths(arguments.root, arguments.root, *settings);
  if (set) set = SetRuntimePaths(Control::kNotWanted, *settings);
  if (!set) return ReportFailure("run", set.error());
  const auto status = RunJudged(*settings, command);
  return status ? *status : ReportFailure("run", status.error());
}

}  // namespace

void AddRunVerb(CLI::App& app, std::vector<std::string> command,
                int& exit_status) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand(
      "run",
      "Run a command inside a judged root file system. Without root, only the "
      "caller's own user and group exist inside, as root");
  arguments->settings = AddSettingOptions(*verb);
  verb->add_option("rootfs", arguments->root, "the root file system")
      ->type_name("ROOTFS")
      ->required();
  verb->footer("COMMAND and its words follow after --");
  verb->callback([arguments, command = std::move(command), &exit_status] {
    exit_status = Run(*arguments, command);
  });
}

}  // namespace assayfs
