// SPDX-License-Identifier: Apache-2.0
// `policy sign`: appends a signature of one's own to policies.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/lists/signing.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/settings/load_policy.h"
#include "policy/parse_policy.h"

namespace assayfs {
namespace {

// What no mount could load is not signed.
Result<void> SignPolicy(const std::string& path, const Signing& signing,
                        bool replace) {
  constexpr std::uint32_t kAnyPcr = 12;
  return SignFile(path, kMaxPolicyBytes, signing, replace,
                  [&path](Bytes) -> Result<void> {
                    const auto loaded = LoadPolicy(path, kAnyPcr, nullptr);
                    if (!loaded) return Fail(loaded.error());
                    return {};
                  });
}

int Run(const SigningOptions& options, const std::vector<std::string>& files) {
  const auto signing = PrepareSigning(options);
  if (!signing) return ReportFailure("policy sign", signing.error());
  return SignEach(files, "file", [&](const std::string& path) {
    return SignPolicy(path, *signing, options.replace);
  });
}

}  // namespace

void AddPolicySign(CLI::App& policy, int& exit_status) {
  CLI::App* sign = policy.add_subcommand(
      "sign", "Append a signature of your own to policies");
  const auto options = AddSigningOptions(*sign);
  const auto files = std::make_shared<std::vector<std::string>>();
  sign->add_option("policy", *files,
                   "policy, and what it includes; changed in place")
      ->type_name("FILE")
      ->required();
  sign->callback([options, files, &exit_status] {
    CheckSigningOptions(*options);
    exit_status = Run(*options, *files);
  });
}

}  // namespace assayfs
