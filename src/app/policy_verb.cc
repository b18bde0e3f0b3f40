// SPDX-License-Identifier: Apache-2.0
// The `policy` verb.
#include <CLI/CLI.hpp>

#include "app/policy/policy_verbs.h"
#include "app/verbs.h"

namespace assayfs {

void AddPolicyVerb(CLI::App& app, int& exit_status) {
  CLI::App* policy = app.add_subcommand(
      "policy", "Check, test, print and sign policies, and replay uses");
  policy->require_subcommand(1);
  AddPolicyCheck(*policy, exit_status);
  AddPolicyShow(*policy, exit_status);
  AddPolicyTest(*policy, exit_status);
  AddPolicyReplay(*policy, exit_status);
  AddPolicyLearn(*policy, exit_status);
  AddPolicySign(*policy, exit_status);
}

}  // namespace assayfs
