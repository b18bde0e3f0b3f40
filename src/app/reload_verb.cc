// SPDX-License-Identifier: Apache-2.0
// assayfs reload: reads policy, keys and lists again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/control/control_client.h"
#include "app/control/json_text.h"
#include "app/report.h"
#include "app/settings/find_mounts.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

struct ReloadArguments {
  std::string mount_point;
  std::string control;
};

int Reload(const ReloadArguments& arguments) {
  const auto mounts = FindMounts(arguments.mount_point);
  if (!mounts) return ReportFailure("reload", mounts.error());
  if (mounts->empty()) {
    ReportFailure("reload", "nothing is mounted");
    return kExitNo;
  }
  int exit_status = kExitYes;
  for (const std::string& mount : *mounts) {
    const auto answer =
        AskMount(mount, arguments.control, {{"verb", "reload"}});
    if (!answer) {
      exit_status = ReportFailure("reload", answer.error());
      continue;
    }
    const auto& lists = MemberOf(*answer, "lists");
    const std::string text =
        TextOf(*answer, "mountpoint") + ": " + TextOf(lists, "loaded") +
        " lists, " + std::to_string(MemberOf(lists, "rejected").size()) +
        " rejected, " + TextOf(lists, "digests") + " digests\n";
    std::fputs(text.c_str(), stdout);
    for (const auto& problem : MemberOf(*answer, "problems")) {
      ReportFailure("warning", TextOf({{"text", problem}}, "text"));
    }
  }
  return exit_status;
}

}  // namespace

void AddReloadVerb(CLI::App& app, int& exit_status) {
  auto arguments = std::make_shared<ReloadArguments>();
  CLI::App* verb =
      app.add_subcommand("reload", "Read policy, keys and lists again now");
  verb->add_option("mountpoint", arguments->mount_point,
                   "one mount; all of them if it is not given")
      ->type_name("[MOUNTPOINT]");
  verb->add_option("--control", arguments->control,
                   "control socket, if `mount` was given one")
      ->type_name("PATH");
  verb->callback(
      [arguments, &exit_status] { exit_status = Reload(*arguments); });
}

}  // namespace assayfs
