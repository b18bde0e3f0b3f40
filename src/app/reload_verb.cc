// SPDX-License-Identifier: Apache-2.0
// assayfs reload: reads policy, keys and lists again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/ask_mounts.h"
#include "app/control/json_text.h"
#include "app/report.h"
#include "app/verbs.h"

namespace assayfs {
namespace {

void PrintReloaded(const nlohmann::json& answer) {
  const auto& lists = MemberOf(answer, "lists");
  const std::string text =
      TextOf(answer, "mountpoint") + ": " + TextOf(lists, "loaded") +
      " lists, " + std::to_string(MemberOf(lists, "rejected").size()) +
      " rejected, " + TextOf(lists, "digests") + " digests\n";
  std::fputs(text.c_str(), stdout);
  for (const auto& problem : MemberOf(answer, "problems")) {
    ReportFailure("warning", TextOf({{"text", problem}}, "text"));
  }
}

}  // namespace

void AddReloadVerb(CLI::App& app, int& exit_status) {
  auto query = std::make_shared<MountQuery>();
  CLI::App* verb =
      app.add_subcommand("reload", "Read policy, keys and lists again now");
  AddMountQuery(*verb, *query);
  verb->callback([query, &exit_status] {
    exit_status = AskMounts("reload", *query, PrintReloaded);
  });
}

}  // namespace assayfs
