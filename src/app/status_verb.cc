// SPDX-License-Identifier: Apache-2.0
// assayfs status: what mounts enforce, and how well.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "app/ask_mounts.h"
#include "app/control/json_text.h"
#include "app/control/status_json.h"
#include "app/verbs.h"

namespace assayfs {

void AddStatusVerb(CLI::App& app, int& exit_status) {
  struct Arguments {
    MountQuery query;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("status", "Tell what mounts enforce, and how well");
  AddMountQuery(*verb, arguments->query);
  verb->add_flag("--json", arguments->json, "one JSON object a mount and line");
  verb->callback([arguments, &exit_status] {
    exit_status = AskMounts(
        "status", arguments->query, [&](const nlohmann::json& answer) {
          const std::string text =
              arguments->json ? LineOf(answer) + "\n" : StatusText(answer);
          std::fputs(text.c_str(), stdout);
        });
  });
}

}  // namespace assayfs
