// SPDX-License-Identifier: Apache-2.0
// `lists update`: adds lists before a package manager works, and settles after.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/default_paths.h"
#include "app/list_update/coming_lists.h"
#include "app/list_update/list_update.h"
#include "app/lists/lists_verbs.h"
#include "app/report.h"
#include "app/revoked.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

struct Options {
  bool begin = false;
  bool end = false;
  bool abort = false;
  bool all = false;
  std::string id = "default";
  std::string folder = kDefaultLists;
  std::string root = "/";
  std::vector<std::string> keys = {kDefaultKeys};
  std::string revoked;
  std::vector<std::string> removed;
  std::vector<std::string> sources;
  bool allow_weak = false;
};

// Without "." and "..", nor a "/" at its end.
std::string AbsolutePath(const std::string& path) {
  std::string absolute =
      std::filesystem::absolute(path).lexically_normal().native();
  if (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  return absolute;
}

int Begin(const Options& options) {
  ComingLists coming;
  if (!options.sources.empty()) {
    const auto keyring = Keyring::Load(options.keys);
    if (!keyring) return ReportFailure("keys", keyring.error());
    const auto revocations = ReadRevoked(options.revoked);
    if (!revocations) {
      return ReportFailure("lists update", revocations.error());
    }
    coming = ReadComingLists(
        options.sources, **keyring,
        {.allow_weak = options.allow_weak, .revocations = &*revocations});
  }
  bool unreadable = false;
  for (const auto& [path, error] : coming.refused) {
    ReportFailure(path, error);
    unreadable |= RefusalReason(error) == "unreadable";
  }
  if (!coming.refused.empty()) {
    ReportFailure("lists update", "nothing was begun");
    return unreadable ? kExitFailed : kExitNo;
  }
  auto update = ListUpdate::Open(options.folder);
  if (!update) return ReportFailure("lists update", update.error());
  const auto begun = update->Begin(options.id, AbsolutePath(options.root),
                                   coming.lists, options.removed);
  if (!begun) return ReportFailure("lists update", begun.error());
  std::cout << Counted(begun->added, "list") << " added, "
            << Grouped(begun->there_already) << " there already"
            << (begun->continued ? ", to the update under way" : "") << '\n';
  return kExitYes;
}

// What is under way, for a message.
std::string WhatIs(const ListUpdate& update) {
  const auto ids = update.UnderWay();
  if (!ids || ids->empty()) return {};
  std::string text = "; under way:";
  for (const std::string& id : *ids) text += " " + id;
  return text;
}

int Settle(const Options& options) {
  auto update = ListUpdate::Open(options.folder);
  if (!update) return ReportFailure("lists update", update.error());
  auto ids = update->UnderWay();
  if (!ids) return ReportFailure("lists update", ids.error());
  if (!options.all) ids = std::vector{options.id};
  ListUpdate::Settled total;
  bool any = false;
  bool failed = false;
  for (const std::string& id : *ids) {
    const auto settled =
        update->Settle(id, options.end ? ListUpdate::Outcome::kEnd
                                       : ListUpdate::Outcome::kAbort);
    if (!settled) {
      ReportFailure("lists update", settled.error());
      failed = true;
    }
    if (!settled || !*settled) continue;
    any = true;
    total.removed += (*settled)->removed;
    total.kept += (*settled)->kept;
  }
  if (failed) return kExitFailed;
  if (!any) {
    ReportFailure("lists update", "no such update is under way in " +
                                      options.folder + WhatIs(*update));
    return kExitNo;
  }
  std::cout << Counted(total.removed, "list") << " removed, "
            << Grouped(total.kept) << " kept\n";
  return kExitYes;
}

void AddWhat(CLI::App& update, Options& options) {
  update.add_flag("--begin", options.begin,
                  "add the lists of SOURCE; those that are there count on");
  update.add_flag("--end", options.end,
                  "the update is over: lists of packages that are not "
                  "installed go, and those of --remove");
  update.add_flag("--abort", options.abort,
                  "the update did not happen: lists that it added go, but for "
                  "those of packages that are installed");
  auto* id =
      update
          .add_option("--id", options.id,
                      "which update, where several may be under way [default]")
          ->type_name("ID");
  update.add_flag("--all", options.all, "settle every update under way")
      ->excludes(id);
}

// What CLI11 cannot see by itself. It takes errors as exceptions.
void CheckUsage(const CLI::App& update, const Options& options) {
  if (options.begin + options.end + options.abort != 1) {
    throw CLI::RequiredError("one of --begin, --end and --abort");
  }
  if (options.begin) {
    if (options.all) throw CLI::ValidationError("--all is not for --begin");
    return;
  }
  for (const char* name : {"--root", "--keys", "--revoked", "--remove",
                           "--allow-weak-digests", "source"}) {
    if (update.count(name) > 0) {
      throw CLI::ValidationError(std::string(name) + " is for --begin only");
    }
  }
}

}  // namespace

void AddListsUpdate(CLI::App& lists, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* update = lists.add_subcommand(
      "update", "Add lists before packages change, and settle them after");
  AddWhat(*update, *options);
  update
      ->add_option("--lists", options->folder,
                   "folder of lists [/etc/digest_lists]")
      ->type_name("DIR");
  update
      ->add_option("--root", options->root,
                   "the system whose RPM database says what is installed [/]")
      ->type_name("DIR");
  update
      ->add_option("--keys", options->keys,
                   "keys that must vouch for each SOURCE; repeatable "
                   "[/etc/assayfs/keys.d]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  AddRevokedOption(*update, options->revoked);
  update
      ->add_option("--remove", options->removed,
                   "a list that --end takes away; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  update->add_flag("--allow-weak-digests", options->allow_weak,
                   "accept MD5, SHA-1 or SHA-224 digests");
  update->add_option("source", options->sources, "package file or signed list")
      ->type_name("SOURCE");
  update->callback([update, options, &exit_status] {
    CheckUsage(*update, *options);
    exit_status = options->begin ? Begin(*options) : Settle(*options);
  });
}

}  // namespace assayfs
