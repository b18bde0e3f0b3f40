// SPDX-License-Identifier: Apache-2.0
// assayfs status: what mounts enforce, and how well.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/control/control_client.h"
#include "app/control/json_text.h"
#include "app/control/status_json.h"
#include "app/report.h"
#include "app/settings/find_mounts.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

struct StatusArguments {
  std::string mount_point;
  std::string control;
  bool json = false;
};

int Status(const StatusArguments& arguments) {
  const auto mounts = FindMounts(arguments.mount_point);
  if (!mounts) return ReportFailure("status", mounts.error());
  if (mounts->empty()) {
    ReportFailure("status", "nothing is mounted; see `assayfs mount --help`");
    return kExitNo;
  }
  int exit_status = kExitYes;
  for (const std::string& mount : *mounts) {
    const auto answer =
        AskMount(mount, arguments.control, {{"verb", "status"}});
    if (!answer) {
      exit_status = ReportFailure("status", answer.error());
      continue;
    }
    const std::string text =
        arguments.json ? LineOf(*answer) + "\n" : StatusText(*answer);
    std::fputs(text.c_str(), stdout);
  }
  return exit_status;
}

}  // namespace

void AddStatusVerb(CLI::App& app, int& exit_status) {
  auto arguments = std::make_shared<StatusArguments>();
  CLI::App* verb =
      app.add_subcommand("status", "Tell what mounts enforce, and how well");
  verb->add_option("mountpoint", arguments->mount_point,
                   "one mount; all of them if it is not given")
      ->type_name("[MOUNTPOINT]");
  verb->add_option("--control", arguments->control,
                   "control socket, if `mount` was given one")
      ->type_name("PATH");
  verb->add_flag("--json", arguments->json, "one JSON object a mount and line");
  verb->callback(
      [arguments, &exit_status] { exit_status = Status(*arguments); });
}

}  // namespace assayfs
