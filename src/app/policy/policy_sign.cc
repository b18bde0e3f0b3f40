// SPDX-License-Identifier: Apache-2.0
// `policy sign`: appends a signature of one's own to policies.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/lists/signing.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/settings/load_policy.h"
#include "policy/parse_policy.h"

namespace assayfs {
namespace {

// Says whether a mount could load these bytes of the file at path. Errors:
// EBADMSG for what is no policy, with the place in the file; ENOENT and the
// like for what it includes.
Result<void> CheckIsPolicy(const std::string& path, Bytes payload) {
  constexpr std::uint32_t kAnyPcr = 12;
  const auto policy = LoadPolicyText({path, std::string(AsText(payload))},
                                     kAnyPcr, nullptr, nullptr);
  if (policy) return {};
  const int code = policy.error().code();
  const bool none = code == EINVAL || code == EOPNOTSUPP || code == EFBIG;
  // The path is told with every error.
  std::string_view why = policy.error().message();
  if (why.starts_with(path + ":")) why.remove_prefix(path.size() + 1);
  return Fail(none ? EBADMSG : code, std::string(why));
}

// What no mount could load is not signed.
Result<void> SignPolicy(const std::string& path, const Signing& signing,
                        bool replace) {
  return SignFile(
      path, kMaxPolicyBytes, signing, replace,
      [&path](Bytes payload) { return CheckIsPolicy(path, payload); });
}

int Run(const SigningOptions& options, const std::vector<std::string>& files) {
  const auto signing = PrepareSigning(options);
  if (!signing) return ReportFailure("policy sign", signing.error());
  return SignEach(files, "file",
                  [&](const std::string& path) {
                    return SignPolicy(path, *signing, options.replace);
                  },
                  {EEXIST, EBADMSG});
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
