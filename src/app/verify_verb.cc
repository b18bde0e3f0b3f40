// SPDX-License-Identifier: Apache-2.0
// The `verify` verb: compares a tree with signed packages.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/default_paths.h"
#include "app/lists/lists_input.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/revoked.h"
#include "app/verbs.h"
#include "app/verify/find_file.h"
#include "app/verify/signed_packages.h"
#include "app/verify/unowned_files.h"
#include "app/verify/verify_tree.h"
#include "base/bytes.h"
#include "base/unique_fd.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;
using Kind = Finding::Kind;

struct Options {
  std::vector<std::string> keys = {kDefaultKeys};
  std::string revoked;
  std::vector<std::string> lists;
  std::string tree;
  bool unowned = false;
  bool quiet = false;
  bool json = false;
};

// All that one run found.
struct Outcome {
  SignedPackages packages;
  VerifiedFiles files;  // findings of every kind
  bool complete = true;

  std::size_t Count(Kind kind) const {
    return static_cast<std::size_t>(
        std::ranges::count(files.findings, kind, &Finding::kind));
  }
};

Result<SignedPackages> ReadPackages(const Options& options,
                                    const Revocations& revocations) {
  const auto keyring = Keyring::Load(options.keys);
  if (!keyring) return Fail(Error(keyring.error()).WithContext("keys"));
  for (const std::string& problem : (*keyring)->problems()) {
    ReportFailure("keys", problem);
  }
  std::vector<std::string> paths = options.lists;
  if (paths.empty()) {
    const auto path = DefaultListsOf(options.tree);
    if (!path) return Fail(path.error());
    paths.push_back(*path);
  }
  const auto lists = ReadLists(paths);
  if (!lists) return Fail(lists.error());
  auto packages = CheckPackages(*lists, **keyring, revocations);
  for (const std::string& origin : packages.left_out) {
    ReportFailure(origin, "left out: not a header of a package");
  }
  if (packages.packages.empty() && packages.refused.empty()) {
    return Fail(ENOENT, "no header of a package in " + paths.front());
  }
  return packages;
}

// Adds what no package owns to the findings.
Result<void> AddUnowned(int root_fd, Outcome& outcome) {
  auto unowned = FindUnowned(root_fd, outcome.packages.packages);
  if (!unowned) return Fail(unowned.error());
  for (const auto& [path, why] : unowned->left_out) ReportFailure(path, why);
  outcome.complete = unowned->complete;
  auto& findings = outcome.files.findings;
  for (std::string& path : unowned->paths) {
    Finding finding;
    finding.kind = Kind::kUnowned;
    finding.path = std::move(path);
    findings.push_back(std::move(finding));
  }
  std::ranges::stable_sort(findings, {}, &Finding::path);
  return {};
}

Result<Outcome> Verify(const Options& options) {
  const UniqueFd root(
      ::open(options.tree.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Fail(Error::FromErrno(options.tree));
  const auto owners = ReadOwners(root.get());
  if (!owners) return Fail(Error(owners.error()).WithContext(options.tree));
  const auto revocations = ReadRevoked(options.revoked);
  if (!revocations) return Fail(revocations.error());
  auto packages = ReadPackages(options, *revocations);
  if (!packages) return Fail(packages.error());
  Outcome outcome{std::move(*packages), {}};
  Progress progress("checked");
  outcome.files = VerifyFiles(root.get(), outcome.packages.packages, *owners,
                              revocations->digests(),
                              [&](std::size_t files) { progress.Show(files); });
  progress.Clear();
  if (options.unowned) {
    const auto added = AddUnowned(root.get(), outcome);
    if (!added) return Fail(Error(added.error()).WithContext(options.tree));
  }
  return outcome;
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kDiffers:
      return "differs";
    case Kind::kMissing:
      return "missing";
    case Kind::kRevoked:
      return "revoked";
    case Kind::kUnowned:
      return "unowned";
  }
  return "";
}

void Print(const Finding& finding) {
  if (finding.kind == Kind::kDiffers) {
    std::cout << finding.marks << "  ";
  } else {
    std::cout << KindName(finding.kind) << "   ";
  }
  std::cout << finding.attribute << ' ' << Printable(finding.path);
  if (!finding.why.empty()) std::cout << " (" << finding.why << ')';
  std::cout << '\n';
}

void PrintText(const Options& options, const Outcome& outcome) {
  if (!options.quiet) {
    for (const RefusedList& list : outcome.packages.refused) {
      std::cout << "refused " << Printable(list.origin) << ": "
                << Printable(list.why) << '\n';
    }
    for (const Finding& finding : outcome.files.findings) Print(finding);
  }
  std::cout << Counted(outcome.files.checked, "file") << " checked, "
            << Grouped(outcome.Count(Kind::kDiffers)) << " differ, "
            << Grouped(outcome.Count(Kind::kMissing)) << " missing, ";
  const std::size_t revoked = outcome.Count(Kind::kRevoked);
  if (revoked != 0) std::cout << Grouped(revoked) << " revoked, ";
  if (options.unowned) {
    std::cout << Grouped(outcome.Count(Kind::kUnowned)) << " unowned, ";
  }
  std::cout << Counted(outcome.packages.packages.size(), "package") << ", "
            << Grouped(outcome.packages.refused.size()) << " refused\n";
}

Json ToJson(const Finding& finding) {
  Json entry = {{"path", finding.path}, {"kind", KindName(finding.kind)}};
  if (finding.kind == Kind::kUnowned) return entry;
  entry["package"] = finding.package;
  if (finding.attribute != ' ') {
    entry["attribute"] = std::string(1, finding.attribute);
  }
  if (!finding.marks.empty()) entry["marks"] = finding.marks;
  if (!finding.why.empty()) entry["why"] = finding.why;
  return entry;
}

void PrintJson(const Options& options, const Outcome& outcome) {
  Json all = {{"checked", outcome.files.checked},
              {"differ", outcome.Count(Kind::kDiffers)},
              {"missing", outcome.Count(Kind::kMissing)},
              {"revoked", outcome.Count(Kind::kRevoked)},
              {"packages", outcome.packages.packages.size()},
              {"refused", outcome.packages.refused.size()},
              {"files", Json::array()},
              {"lists", Json::array()}};
  if (options.unowned) all["unowned"] = outcome.Count(Kind::kUnowned);
  for (const Finding& finding : outcome.files.findings) {
    all["files"].push_back(ToJson(finding));
  }
  for (const RefusedList& list : outcome.packages.refused) {
    all["lists"].push_back(
        {{"name", list.name}, {"origin", list.origin}, {"error", list.why}});
  }
  std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

int Run(const Options& options) {
  const auto outcome = Verify(options);
  if (!outcome) return ReportFailure("verify", outcome.error());
  if (options.json) {
    PrintJson(options, *outcome);
  } else {
    PrintText(options, *outcome);
  }
  if (outcome->packages.unreadable || !outcome->complete) return kExitFailed;
  const bool good =
      outcome->files.findings.empty() && outcome->packages.refused.empty();
  return good ? kExitYes : kExitNo;
}

}  // namespace

void AddVerifyVerb(CLI::App& app, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* verify = app.add_subcommand(
      "verify", "Compare a tree with the signed packages it was made of");
  verify
      ->add_option("--lists", options->lists,
                   "folder of lists, list, package file, or rpmdb:ROOT; "
                   "repeatable [rpmdb:TREE]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  verify
      ->add_option("--keys", options->keys,
                   "folder or file of trusted keys (.asc, .pem); repeatable "
                   "[/etc/assayfs/keys.d]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  AddRevokedOption(*verify, options->revoked);
  verify->add_flag("--unowned", options->unowned,
                   "also tell files that no package owns");
  verify->add_flag("-q,--quiet", options->quiet, "print the last line only");
  verify->add_flag("--json", options->json, "answer in JSON");
  verify->add_option("tree", options->tree, "the root of a system")
      ->type_name("TREE")
      ->required();
  verify->callback([options, &exit_status] { exit_status = Run(*options); });
}

}  // namespace assayfs
