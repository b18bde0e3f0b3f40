// SPDX-License-Identifier: Apache-2.0
// `policy check`: what is wrong with a policy, or likely to be.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/control/json_text.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/settings/load_policy.h"
#include "app/uses/known_lists.h"
#include "base/bytes.h"
#include "policy/check_policy.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using nlohmann::json;

struct Options {
  std::string policy;
  std::uint32_t pcr = 12;
  std::vector<std::string> keys;
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

// As it stands in the policy: Printable has another form for a backslash.
std::string AsWritten(std::string_view text) {
  constexpr std::string_view kBackslash = "\\x5c";
  std::string printable = Printable(text);
  for (std::size_t at = 0;
       (at = printable.find(kBackslash, at)) != std::string::npos; ++at) {
    printable.replace(at, kBackslash.size(), "\\");
  }
  return printable;
}

json FindingJson(const PolicyFinding& finding) {
  return {{"severity", WordFor(finding.severity)},
          {"file", Printable(finding.file)},
          {"line", finding.line},
          {"column", finding.column},
          {"text", AsWritten(finding.text)},
          {"instead", AsWritten(finding.instead)}};
}

// As compilers write it, so that editors find the place.
std::string FindingText(const PolicyFinding& finding) {
  std::string text = Printable(finding.file) + ":";
  if (finding.line > 0) text += std::to_string(finding.line) + ":";
  if (finding.column > 0) text += std::to_string(finding.column) + ":";
  text += " " + std::string(WordFor(finding.severity)) + ": " +
          AsWritten(finding.text) + "\n";
  if (!finding.instead.empty()) {
    text += "    write: " + AsWritten(finding.instead) + "\n";
  }
  return text;
}

// What was read, and what is wrong with it or worth knowing.
struct Outcome {
  Policy policy;
  std::vector<PolicyFinding> findings;
  bool unreadable = false;  // what it includes
};

// A mistake of these is one of the policy, not of the system.
bool IsAnswer(int code) {
  return code == EINVAL || code == EOPNOTSUPP || code == EFBIG ||
         code == ENOENT || code == EBADMSG;
}

void AddMistakes(const std::vector<PolicyMistake>& mistakes, Outcome& outcome) {
  for (const PolicyMistake& mistake : mistakes) {
    const auto& [file, line, column, text] = mistake.what;
    outcome.findings.push_back(
        {PolicyFinding::Severity::kError, file, line, column, text, {}});
    outcome.unreadable |= !IsAnswer(mistake.code);
  }
}

// Says of each file who signed it, and whether the policy asks for that.
void AddSignatures(const LoadedPolicy& loaded, Outcome& outcome) {
  using Severity = PolicyFinding::Severity;
  const auto add = [&outcome](Severity severity, const std::string& file,
                              std::string text) {
    outcome.findings.push_back({severity, file, 0, 0, std::move(text), {}});
  };
  for (const PolicyFile& file : loaded.files) {
    if (!file.file) continue;  // a built-in one
    if (file.signer) {
      const std::string name =
          file.signer->name.empty() ? "" : " (" + file.signer->name + ")";
      add(Severity::kNote, file.origin,
          "signed by " + file.signer->fingerprint + name);
    } else if (file.is_signed) {
      add(Severity::kWarning, file.origin,
          "signature not accepted: " + file.unsigned_because);
    } else {
      add(Severity::kNote, file.origin, "not signed");
    }
  }
  const auto passed = AppraisePolicy(loaded.policy, loaded);
  if (!passed) {
    add(Severity::kError, loaded.policy.name, passed.error().message());
  }
}

Result<LoadedPolicy> Load(const Options& options,
                          const SignatureVerifier* verifier,
                          std::vector<PolicyMistake>& mistakes) {
  if (options.policy != "-") {
    return LoadPolicy(options.policy, options.pcr, verifier, &mistakes);
  }
  PolicySource source{"-", std::string(kMaxPolicyBytes + 1, '\0')};
  std::cin.read(source.text.data(),
                static_cast<std::streamsize>(source.text.size()));
  source.text.resize(static_cast<std::size_t>(std::cin.gcount()));
  return LoadPolicyText(std::move(source), options.pcr, verifier, &mistakes);
}

Result<Outcome> Find(const Options& options) {
  std::shared_ptr<const Keyring> keys;
  if (!options.keys.empty()) {
    ListArguments arguments;
    arguments.keys = options.keys;
    auto loaded = LoadKeys(arguments);
    if (!loaded) return Fail(loaded.error());
    keys = std::move(*loaded);
  }
  std::vector<PolicyMistake> mistakes;
  auto loaded = Load(options, keys.get(), mistakes);
  if (!loaded) return Fail(loaded.error());
  Outcome outcome;
  AddMistakes(mistakes, outcome);
  if (keys) AddSignatures(*loaded, outcome);
  // What is left of a policy with mistakes is another one.
  if (mistakes.empty()) {
    std::ranges::move(CheckPolicy(loaded->policy),
                      std::back_inserter(outcome.findings));
  }
  outcome.policy = std::move(loaded->policy);
  return outcome;
}

void Print(const Outcome& outcome, bool sound, bool as_json) {
  const Policy& policy = outcome.policy;
  if (!as_json) {
    for (const PolicyFinding& finding : outcome.findings) {
      std::cout << FindingText(finding);
    }
    std::cout << Printable(policy.name) << ": "
              << Counted(policy.rules.size(), "rule") << ", "
              << (sound ? "sound" : "see above") << "\n";
    return;
  }
  json findings = json::array();
  for (const PolicyFinding& finding : outcome.findings) {
    findings.push_back(FindingJson(finding));
  }
  std::cout << LineOf({{"policy", policy.name},
                       {"rules", policy.rules.size()},
                       {"version", policy.version()},
                       {"findings", findings}})
            << "\n";
}

int Check(const Options& options) {
  const auto outcome = Find(options);
  if (!outcome) {
    ReportFailure("policy check", outcome.error());
    return outcome.error().code() == EFBIG ? kExitNo : kExitFailed;
  }
  const bool sound =
      std::ranges::all_of(outcome->findings, [](const PolicyFinding& finding) {
        return finding.severity == PolicyFinding::Severity::kNote;
      });
  Print(*outcome, sound, options.json);
  if (outcome->unreadable) return kExitFailed;
  return sound ? kExitYes : kExitNo;
}

}  // namespace

void AddPolicyCheck(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* check = policy.add_subcommand(
      "check", "Tell what is wrong with a policy, and what to write instead");
  check
      ->add_option("policy", options->policy,
                   "built-in name, or a file; - is the standard input")
      ->type_name("NAME|FILE")
      ->required();
  check->add_option("--pcr", options->pcr, "PCR of the mount [12]")
      ->type_name("N");
  check
      ->add_option(
          "--keys", options->keys,
          "folder or file of trusted keys (.asc, .pem, .crl): tell who "
          "signed the policy; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  check->add_flag("--json", options->json, "answer in JSON");
  check->callback([options, &exit_status] { exit_status = Check(*options); });
}

}  // namespace assayfs
