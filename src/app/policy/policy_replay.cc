// SPDX-License-Identifier: Apache-2.0
// `policy replay`: what of recorded uses a policy and lists would deny.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/daemon/mount_policy.h"
#include "app/policy/policy_verbs.h"
#include "app/report.h"
#include "app/revoked.h"
#include "app/settings/mount_settings.h"
#include "app/uses/known_lists.h"
#include "app/uses/replay.h"
#include "app/uses/replay_report.h"
#include "app/uses/use_records.h"
#include "base/unique_fd.h"
#include "policy/glob.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string policy = "files";
  std::string pcr = "12";
  std::string bind;
  ListArguments lists;
  std::vector<std::string> records;
  bool json = false;
};

Result<Policy> ReadPolicy(const Options& options, const Keyring& keys) {
  MountSettings settings;
  settings.policy = options.policy;
  const auto pcr = PcrFrom(options.pcr);
  if (!pcr) return Fail(pcr.error());
  settings.pcr = *pcr;
  if (!options.bind.empty()) {
    const auto bind = ParseBinding(options.bind);
    if (!bind) return Fail(bind.error());
    settings.bind = *bind;
  }
  const auto revocations = LoadRevocations(options.lists.revoked);
  if (!revocations) return Fail(revocations.error());
  auto loaded = LoadMountPolicy(settings, keys, *revocations, nullptr);
  if (!loaded) return Fail(loaded.error());
  return std::move(loaded->policy);
}

// Lists name owners; the records have numbers.
Result<Owners> OwnersFor(const Binding& binding) {
  if (!binding.owner) return Owners{};
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Fail(Error::FromErrno("/"));
  return ReadOwners(root.get());
}

int StatusOf(const Replay& replay, const KnownLists& lists) {
  // A list that could not be read may know what seems to be denied.
  if (lists.unreadable) return kExitFailed;
  if (!replay.denied.empty()) return kExitNo;
  return replay.undecided.empty() ? kExitYes : kExitFailed;
}

void Print(const Options& options, const Policy& policy,
           const KnownLists& lists, const UseRecords& records,
           const Replay& replay) {
  if (!options.json) {
    std::cout << ReplayText(replay);
    return;
  }
  Json all = ReplayJson(replay);
  all["policy"] = policy.name;
  all["lists"] = lists.index->lists().size();
  all["refused_lists"] = lists.refused.size();
  all["lines_left_out"] = records.left_out;
  std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

Result<int> Run(const Options& options) {
  const auto records = ReadUseRecords("policy replay", options.records);
  if (!records) return Fail(records.error());
  const auto keys = LoadKeys(options.lists);
  if (!keys) return Fail(keys.error());
  const auto policy = ReadPolicy(options, **keys);
  if (!policy) return Fail(policy.error());
  const Binding binding = BindingOf(*policy);
  const auto owners = OwnersFor(binding);
  if (!owners) return Fail(owners.error());
  const auto lists = LoadKnownLists(options.lists, **keys,
                                    {.attributes = binding.attributes()});
  if (!lists) return Fail(lists.error());
  const Replay replay =
      ReplayUses(records->uses, *policy, *lists->index, *owners);
  Print(options, *policy, *lists, *records, replay);
  return StatusOf(replay, *lists);
}

// What CLI11 cannot see by itself. It takes errors as exceptions.
void CheckUsage(const Options& options) {
  if (const auto pcr = PcrFrom(options.pcr); !pcr) {
    throw CLI::ValidationError(pcr.error().message());
  }
  if (!options.bind.empty()) {
    const auto bind = ParseBinding(options.bind);
    if (!bind) throw CLI::ValidationError("--bind", bind.error().message());
  }
  for (const std::string& glob : options.lists.removed) {
    const auto sound = CheckGlob(glob);
    if (!sound) {
      throw CLI::ValidationError("--remove " + glob, sound.error().message());
    }
  }
}

void AddChanges(CLI::App& replay, Options& options) {
  replay
      .add_option("--update", options.lists.updates,
                  "package file, folder of them, or list that takes the place "
                  "of lists of the same package; repeatable")
      ->type_name("SOURCE")
      ->allow_extra_args(false);
  replay
      .add_option("--remove", options.lists.removed,
                  "leave out lists whose name, or that of their package, "
                  "matches this pattern; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

}  // namespace

void AddPolicyReplay(CLI::App& policy, int& exit_status) {
  const auto options = std::make_shared<Options>();
  CLI::App* replay = policy.add_subcommand(
      "replay", "Tell which recorded uses a policy and lists would deny");
  replay
      ->add_option("--policy", options->policy,
                   "built-in name, or a file [files]")
      ->type_name("NAME|FILE");
  replay->add_option("--pcr", options->pcr, "PCR of the mount [12]")
      ->type_name("N");
  replay
      ->add_option("--bind", options->bind,
                   "what must be as in a list besides the content: path, "
                   "mode, owner; with commas")
      ->type_name("WHAT");
  AddListOptions(*replay, options->lists);
  AddChanges(*replay, *options);
  replay->add_flag("--json", options->json, "answer in JSON");
  replay
      ->add_option("record", options->records,
                   "file of recorded uses, or records of denials; - for "
                   "stdin")
      ->type_name("RECORD")
      ->required();
  replay->callback([options, &exit_status] {
    CheckUsage(*options);
    const auto status = Run(*options);
    exit_status =
        status ? *status : ReportFailure("policy replay", status.error());
  });
}

}  // namespace assayfs
