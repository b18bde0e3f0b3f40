// SPDX-License-Identifier: Apache-2.0
// assayfs update: a command that may change a tree that is read-only.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/report.h"
#include "app/run/package_lists.h"
#include "app/run/update_command.h"
#include "app/settings/find_mounts.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

struct UpdateArguments {
  std::string mount_point;
  std::string control;
};

int RunWithLists(const std::string& mount_point, const std::string& control,
                 const std::vector<std::string>& command) {
  PackageLists lists(
      [](std::string_view line) { ReportFailure("update", line); });
  if (auto begun = lists.Begin(mount_point, control, command); !begun) {
    ReportFailure("update", begun.error());
    return begun.error().code() == EKEYREJECTED ? kExitNo : kExitFailed;
  }
  const auto status = RunUpdate(mount_point, control, command);
  if (!status) ReportFailure("update", status.error());
  auto settled = status ? lists.End(*status == 0) : lists.Abort();
  if (!settled) return ReportFailure("update", settled.error());
  return status ? *status : kExitFailed;
}

int Update(const UpdateArguments& arguments,
           const std::vector<std::string>& command) {
  if (command.empty()) {
    ReportFailure("update",
                  "no command given (update [MOUNTPOINT] -- COMMAND...)");
    return kExitUsage;
  }
  if (::geteuid() != 0) {
    return ReportFailure("update", "only root may update a tree");
  }
  const auto mounts = FindMounts(arguments.mount_point);
  if (!mounts) return ReportFailure("update", mounts.error());
  if (mounts->empty()) {
    ReportFailure("update", "nothing is mounted; see `assayfs mount --help`");
    return kExitNo;
  }
  if (mounts->size() > 1) {
    ReportFailure("update", "several trees are mounted; name one MOUNTPOINT");
    return kExitUsage;
  }
  return RunWithLists(mounts->front(), arguments.control, command);
}

}  // namespace

void AddUpdateVerb(CLI::App& app, std::vector<std::string> command,
                   int& exit_status) {
  auto arguments = std::make_shared<UpdateArguments>();
  CLI::App* verb = app.add_subcommand(
      "update",
      "Run a command, such as a package manager, for which a tree that is "
      "mounted read-only is writable, and judged when files are opened");
  verb->add_option("mountpoint", arguments->mount_point,
                   "the mount; may be left out if there is one")
      ->type_name("[MOUNTPOINT]");
  verb->add_option("--control", arguments->control,
                   "control socket, if `mount` was given one")
      ->type_name("PATH");
  verb->footer("COMMAND and its words follow after --");
  verb->callback([arguments, command = std::move(command), &exit_status] {
    exit_status = Update(*arguments, command);
  });
}

}  // namespace assayfs
