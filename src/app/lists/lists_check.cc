// SPDX-License-Identifier: Apache-2.0
// `lists check`: verifies lists as a mount would.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/default_paths.h"
#include "app/lists/lists_input.h"
#include "app/lists/lists_verbs.h"
#include "app/report.h"
#include "app/revoked.h"
#include "appraise/check_list.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

struct Options {
  std::vector<std::string> keys = {kDefaultKeys};
  std::string revoked;
  std::vector<std::string> lists;
  std::vector<std::string> paths;
  bool allow_weak = false;
  bool quiet = false;
  bool json = false;
};

struct Totals {
  std::size_t verified = 0;
  std::size_t refused = 0;
  std::size_t digests = 0;
  bool unreadable = false;
};

void PrintVerified(const LoadedList& loaded) {
  std::cout << "verified " << Printable(loaded.origin) << ": "
            << Counted(loaded.files.size(), "digest") << ", signed by "
            << loaded.signer.fingerprint;
  if (!loaded.signer.name.empty()) {
    std::cout << " (" << Printable(loaded.signer.name) << ')';
  }
  std::cout << '\n';
}

Json ToJson(const RawList& raw, const Result<LoadedList>& loaded) {
  Json entry = {{"name", raw.name},
                {"origin", raw.origin},
                {"verified", loaded.has_value()}};
  if (!loaded) {
    entry["reason"] = RefusalReason(loaded.error());
    entry["error"] = loaded.error().message();
    return entry;
  }
  entry["format"] = loaded->format == ListFormat::kRpm ? "rpm" : "tlv";
  entry["package"] = loaded->package;
  entry["sha256"] = loaded->sha256.Hex();
  entry["digests"] = loaded->files.size();
  entry["signer"] = {{"fingerprint", loaded->signer.fingerprint},
                     {"name", loaded->signer.name}};
  return entry;
}

void Print(const RawList& raw, const Result<LoadedList>& loaded, bool quiet) {
  if (!loaded) {
    std::cout << "refused " << Printable(raw.origin) << ": "
              << Printable(loaded.error().message()) << '\n';
  } else if (!quiet) {
    PrintVerified(*loaded);
  }
}

Totals CheckAll(const Options& options, const std::vector<RawList>& lists,
                const Keyring& keyring, const Revocations& revocations,
                Json& entries) {
  const ListRules rules{.allow_weak = options.allow_weak,
                        .revocations = &revocations};
  Totals totals;
  for (const RawList& raw : lists) {
    const auto loaded = CheckList(raw, keyring, rules);
    if (loaded) {
      ++totals.verified;
      totals.digests += loaded->files.size();
    } else {
      ++totals.refused;
      totals.unreadable |= WasUnreadable(raw);
    }
    if (options.json) {
      entries.push_back(ToJson(raw, loaded));
    } else {
      Print(raw, loaded, options.quiet);
    }
  }
  return totals;
}

void PrintTotals(const Options& options, const Totals& totals, Json entries) {
  if (options.json) {
    const Json all = {{"verified", totals.verified},
                      {"refused", totals.refused},
                      {"digests", totals.digests},
                      {"lists", std::move(entries)}};
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace)
              << '\n';
    return;
  }
  std::cout << Grouped(totals.verified) << " verified, "
            << Grouped(totals.refused) << " refused, "
            << Grouped(totals.digests) << " digests\n";
}

int Run(const Options& options) {
  std::vector<std::string> paths = options.lists;
  paths.insert(paths.end(), options.paths.begin(), options.paths.end());
  if (paths.empty()) paths.emplace_back(kDefaultLists);
  const auto keyring = Keyring::Load(options.keys);
  if (!keyring) return ReportFailure("keys", keyring.error());
  for (const std::string& problem : (*keyring)->problems()) {
    ReportFailure("keys", problem);
  }
  const auto revocations = ReadRevoked(options.revoked);
  if (!revocations) return ReportFailure("lists check", revocations.error());
  const auto lists = ReadLists(paths);
  if (!lists) return ReportFailure("lists check", lists.error());
  if (lists->empty()) {
    return ReportFailure("lists check", "no digest list in " + paths.front());
  }
  Json entries = Json::array();
  const Totals totals =
      CheckAll(options, *lists, **keyring, *revocations, entries);
  PrintTotals(options, totals, std::move(entries));
  if (totals.unreadable) return kExitFailed;
  return totals.refused == 0 ? kExitYes : kExitNo;
}

}  // namespace

void AddListsCheck(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* check = lists.add_subcommand(
      "check", "Verify the signatures of lists and count their digests");
  check
      ->add_option(
          "--keys", options->keys,
          "folder or file of trusted keys (.asc, .pem, .crl); repeatable "
          "[/etc/assayfs/keys.d]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  AddRevokedOption(*check, options->revoked);
  check->add_option("--lists", options->lists, "the same as PATH; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  check->add_flag("--allow-weak-digests", options->allow_weak,
                  "accept lists with MD5, SHA-1 or SHA-224 digests");
  check->add_flag("-q,--quiet", options->quiet,
                  "print no line for lists that were verified");
  check->add_flag("--json", options->json, "answer in JSON");
  check
      ->add_option("path", options->paths,
                   "folder of lists, list, package file, or rpmdb:ROOT "
                   "[/etc/digest_lists]")
      ->type_name("PATH");
  check->callback([options, &exit_status] { exit_status = Run(*options); });
}

}  // namespace assayfs
