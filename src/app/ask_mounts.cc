// SPDX-License-Identifier: Apache-2.0
// What the verbs that ask the daemons of whole mounts share.
#include "app/ask_mounts.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/control/control_client.h"
#include "app/report.h"
#include "app/settings/find_mounts.h"

namespace assayfs {

void AddMountQuery(CLI::App& verb, MountQuery& query) {
  verb.add_option("mountpoint", query.mount_point,
                  "one mount; all of them if it is not given")
      ->type_name("[MOUNTPOINT]");
  verb.add_option("--control", query.control,
                  "control socket, if `mount` was given one")
      ->type_name("PATH");
}

int AskMounts(const char* verb, const MountQuery& query,
              const std::function<void(const nlohmann::json&)>& print) {
  auto mounts = FindMounts(query.mount_point);
  if (!mounts) return ReportFailure(verb, mounts.error());
  // One socket is of one mount.
  if (!query.control.empty() && mounts->size() > 1) mounts->resize(1);
  if (mounts->empty()) {
    ReportFailure(verb, "nothing is mounted; see `assayfs mount --help`");
    return kExitNo;
  }
  int exit_status = kExitYes;
  for (const std::string& mount : *mounts) {
    const auto answer = AskMount(mount, query.control, {{"verb", verb}});
    if (answer) {
      print(*answer);
    } else {
      exit_status = ReportFailure(verb, answer.error());
    }
  }
  return exit_status;
}

}  // namespace assayfs
