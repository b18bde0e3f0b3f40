// SPDX-License-Identifier: Apache-2.0
// The `lists` verb.
#include "app/lists/lists_verbs.h"

#include <CLI/CLI.hpp>

#include "app/verbs.h"

namespace assayfs {

void AddListsVerb(CLI::App& app, int& exit_status) {
  CLI::App* lists = app.add_subcommand(
      "lists", "Make, print, verify, sign, number and update digest lists");
  lists->require_subcommand(1);
  AddListsGen(*lists, exit_status);
  AddListsShow(*lists, exit_status);
  AddListsCheck(*lists, exit_status);
  AddListsSign(*lists, exit_status);
  AddListsHint(*lists, exit_status);
  AddListsNumber(*lists, exit_status);
  AddListsUpdate(*lists, exit_status);
}

}  // namespace assayfs
