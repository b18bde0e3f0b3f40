// SPDX-License-Identifier: Apache-2.0
// `policy check`: what is wrong with a policy, or likely to be.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/control/json_text.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/settings/load_policy.h"
#include "base/bytes.h"
#include "policy/check_policy.h"

namespace assayfs {
namespace {

using nlohmann::json;

struct Options {
  std::string policy;
  std::uint32_t pcr = 12;
  bool json = false;
};

std::string_view WordFor(PolicyFinding::Severity severity) {
  switch (severity) {
    case PolicyFinding::Severity::kError:
      return "error";
    case PolicyFinding::Severity::kWarning:
      return "warning";
    case PolicyFinding::Severity::kNote:
      return "note";
  }
  return "";
}

json FindingJson(const PolicyFinding& finding) {
  return {{"severity", WordFor(finding.severity)},
          {"file", Printable(finding.file)},
          {"line", finding.line},
          {"column", finding.column},
          {"text", Printable(finding.text)},
          {"instead", Printable(finding.instead)}};
}

// As compilers write it, so that editors find the place.
std::string FindingText(const PolicyFinding& finding) {
  std::string text = Printable(finding.file) + ":";
  if (finding.line > 0) text += std::to_string(finding.line) + ":";
  if (finding.column > 0) text += std::to_string(finding.column) + ":";
  text += " " + std::string(WordFor(finding.severity)) + ": " +
          Printable(finding.text) + "\n";
  if (!finding.instead.empty()) {
    text += "    write: " + Printable(finding.instead) + "\n";
  }
  return text;
}

int Check(const Options& options) {
  const auto loaded = LoadPolicy(options.policy, options.pcr, nullptr);
  if (!loaded) {
    ReportFailure("policy check", loaded.error());
    // A policy that is there, but is none, is an answer.
    const int code = loaded.error().code();
    const bool no = code == EINVAL || code == EOPNOTSUPP || code == EFBIG;
    return no ? kExitNo : kExitFailed;
  }
  const auto findings = CheckPolicy(loaded->policy);
  bool sound = true;
  json all = json::array();
  for (const PolicyFinding& finding : findings) {
    sound &= finding.severity == PolicyFinding::Severity::kNote;
    if (options.json) {
      all.push_back(FindingJson(finding));
    } else {
      std::cout << FindingText(finding);
    }
  }
  if (options.json) {
    std::cout << LineOf({{"policy", loaded->policy.name},
                         {"rules", loaded->policy.rules.size()},
                         {"version", loaded->policy.version},
                         {"findings", all}})
              << "\n";
  } else {
    std::cout << Printable(loaded->policy.name) << ": "
              << Counted(loaded->policy.rules.size(), "rule") << ", "
              << (sound ? "sound" : "see above") << "\n";
  }
  return sound ? kExitYes : kExitNo;
}

}  // namespace

void AddPolicyCheck(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* check = policy.add_subcommand(
      "check", "Tell what is wrong with a policy, and what to write instead");
  check->add_option("policy", options->policy, "built-in name, or a file")
      ->type_name("NAME|FILE")
      ->required();
  check->add_option("--pcr", options->pcr, "PCR of the mount [12]")
      ->type_name("N");
  check->add_flag("--json", options->json, "answer in JSON");
  check->callback([options, &exit_status] { exit_status = Check(*options); });
}

}  // namespace assayfs
