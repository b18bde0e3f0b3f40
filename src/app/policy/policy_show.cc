// SPDX-License-Identifier: Apache-2.0
// `policy show`: prints built-in policies, to be read and copied.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "policy/built_in_policies.h"

namespace assayfs {
namespace {

struct Options {
  std::string name;
  std::uint32_t pcr = 12;
};

int Show(const Options& options) {
  if (options.name.empty()) {
    for (const BuiltInPolicy& policy : BuiltInPolicies()) {
      // The first line of each says what it is for.
      const auto line = policy.text.substr(0, policy.text.find('\n'));
      std::string name(policy.name);
      name.resize(14, ' ');
      std::cout << name << line.substr(2) << "\n";
    }
    return kExitYes;
  }
  const auto source = FindBuiltInPolicy(options.name, options.pcr);
  if (!source) {
    ReportFailure("policy show", source.error());
    return kExitNo;
  }
  std::cout << source->text;
  return kExitYes;
}

}  // namespace

void AddPolicyShow(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* show =
      policy.add_subcommand("show", "Print a built-in policy, or their names");
  show->add_option("--pcr", options->pcr, "PCR of the mount [12]")
      ->type_name("N");
  show->add_option("name", options->name, "built-in policy")->type_name("NAME");
  show->callback([options, &exit_status] { exit_status = Show(*options); });
}

}  // namespace assayfs
