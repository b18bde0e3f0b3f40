// SPDX-License-Identifier: Apache-2.0
// assayfs why: the verdict on one file and what led to it.
#include <sys/types.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "app/control/control_client.h"
#include "app/control/explanation_json.h"
#include "app/control/json_text.h"
#include "app/report.h"
#include "app/settings/find_mounts.h"
#include "app/verbs.h"
#include "base/bytes.h"

namespace assayfs {
namespace {

struct WhyArguments {
  std::string path;
  std::string control;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::string exe;
  std::optional<std::string> container;
  bool exec = false;
  bool json = false;
};

int ExitStatusOf(const nlohmann::json& explanation) {
  const std::string verdict = TextOf(explanation, "verdict");
  if (verdict == "allow" || verdict == "unjudged") return kExitYes;
  return verdict == "deny" ? kExitNo : kExitFailed;
}

nlohmann::json RequestOf(const WhyArguments& arguments,
                         const std::string& path) {
  nlohmann::json request = {{"verb", "why"},
                            {"path_hex", ToHex(AsBytes(path))},
                            {"uid", arguments.uid.value_or(::getuid())},
                            {"exec", arguments.exec},
                            {"exe_hex", ToHex(AsBytes(arguments.exe))}};
  // Of another user, nobody knows the group.
  auto gid = arguments.gid;
  if (!gid && !arguments.uid) gid = ::getgid();
  if (gid) request["gid"] = request["egid"] = *gid;
  if (arguments.container) request["container"] = *arguments.container;
  return request;
}

int Why(const WhyArguments& arguments) {
  const auto file = FindJudgedFile(arguments.path);
  if (!file) return ReportFailure("why", file.error());
  auto answer = AskMount(file->mount_point, arguments.control,
                         RequestOf(arguments, file->below));
  if (!answer) return ReportFailure("why", answer.error());
  // The daemon knows the path below its root only.
  if (answer->is_object()) (*answer)["path"] = file->path;
  const std::string text =
      arguments.json ? LineOf(*answer) + "\n" : ExplanationText(*answer);
  std::fputs(text.c_str(), stdout);
  return ExitStatusOf(*answer);
}

}  // namespace

void AddWhyVerb(CLI::App& app, int& exit_status) {
  auto arguments = std::make_shared<WhyArguments>();
  CLI::App* verb = app.add_subcommand(
      "why", "Tell the verdict on one file and what led to it");
  verb->add_option("path", arguments->path, "a file on an assayfs mount")
      ->type_name("PATH")
      ->required();
  verb->add_option("--uid", arguments->uid, "ask for this user [caller]")
      ->type_name("N");
  verb->add_option("--gid", arguments->gid,
                   "and this group [the caller's, if there is no --uid]")
      ->type_name("N");
  verb->add_option("--exe", arguments->exe, "who runs this program [unknown]")
      ->type_name("PATH");
  verb->add_option("--container", arguments->container,
                   "in this container; \"\" for none [unknown]")
      ->type_name("ID");
  verb->add_flag("--exec", arguments->exec, "ask for execution, not reading");
  verb->add_option("--control", arguments->control,
                   "control socket, if `mount` was given one")
      ->type_name("PATH");
  verb->add_flag("--json", arguments->json, "answer in JSON");
  verb->callback([arguments, &exit_status] { exit_status = Why(*arguments); });
}

}  // namespace assayfs
