// SPDX-License-Identifier: Apache-2.0
// KnownLists: the lists that recorded uses are held against.
#include "app/uses/known_lists.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "app/default_paths.h"
#include "app/lists/list_sources.h"
#include "app/lists/lists_input.h"
#include "app/report.h"
#include "app/revoked.h"
#include "app/verify/signed_packages.h"
#include "appraise/check_list.h"
#include "lists/list_name.h"
#include "policy/glob.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

// Lists that are in memory as they are stored.
constexpr std::size_t kMostRaw = 256;

// For ListLoader, whose rules here have nothing measured.
class NoMeasurer : public Measurer {
 public:
  MeasureOutcome Measure(std::optional<std::uint32_t>, std::string_view,
                         std::span<const std::byte>) override {
    return {false, "nothing is measured"};
  }
};

// A source for what only the verbs can read: packages, and folders of them.
ListSource PackageSource(const std::string& argument) {
  return {argument, argument, [argument] { return ReadLists({argument}); }};
}

Result<std::vector<ListSource>> SourcesOf(
    const std::vector<std::string>& arguments) {
  std::vector<ListSource> sources;
  for (const std::string& argument : arguments) {
    if (IsPackageFile(argument)) {
      sources.push_back(PackageSource(argument));
      continue;
    }
    auto made = MakeListSources({argument});
    if (!made) return Fail(made.error());
    sources.push_back(std::move(made->front()));
  }
  return sources;
}

// Loads sources one after the other, as ListStore does.
class Loading {
 public:
  Loading(const SignatureVerifier& verifier, bool attributes)
      : verifier_(verifier),
        loader_({.attributes = attributes,
                 .pcr_for =
                     [](const auto&, const auto&) {
                       return std::optional<ListRules::Pcr>();
                     }},
                measurer_) {}

  // Errors: that of a source that cannot be read at all.
  Result<SourceState> Load(const ListSource& source) {
    SourceState state = loader_.Load(number_++, source, {}, verifier_);
    if (state.unreadable) return Fail(*state.unreadable);
    return state;
  }

 private:
  const SignatureVerifier& verifier_;
  NoMeasurer measurer_;
  ListLoader loader_;
  std::size_t number_ = 0;
};

// Adds lists whose key is rejected, marked as not verified. One that is none by
// its bytes either was never one of any mount.
Result<void> AddRejected(const std::vector<ListSource>& sources,
                         const std::vector<RejectedList>& refused,
                         const SignatureVerifier& verifier,
                         DigestIndex::Lists& lists) {
  const auto is_rejected = [](const Error& error) {
    return RefusalReason(error) == "key rejected";
  };
  std::set<std::string> names;
  for (const RejectedList& list : refused) {
    if (is_rejected(Error(EKEYREJECTED, list.error))) names.insert(list.name);
  }
  if (names.empty()) return {};
  const auto add = [&](const RawList& raw) {
    const auto payload = CheckListSignature(raw, verifier);
    if (payload || !is_rejected(payload.error())) return;
    auto list = CheckList(raw, verifier, {.require_signature = false});
    if (!list) return;
    lists.push_back(std::make_shared<const LoadedList>(std::move(*list)));
  };
  for (const ListSource& source : sources) {
    const auto visited = VisitSource(
        source, add,
        [&names](const std::string& name) { return !names.contains(name); });
    if (!visited) return Fail(visited.error());
  }
  return {};
}

// What a list takes the place of another one by.
std::string PlaceOf(const LoadedList& list) {
  if (!list.package_name.empty()) return "package " + list.package_name;
  return "list " + WithoutNumber(list.name);
}

Result<void> Remove(const std::vector<std::string>& globs,
                    DigestIndex::Lists& lists) {
  for (const std::string& glob : globs) {
    const auto removed = std::erase_if(lists, [&glob](const auto& list) {
      return GlobMatches(glob, list->name) ||
             GlobMatches(glob, WithoutNumber(list->name)) ||
             GlobMatches(glob, list->package_name);
    });
    if (removed == 0) {
      return Fail(ENOENT, "--remove " + glob + ": no list has such a name");
    }
  }
  return {};
}

// An update that would not even begin says nothing of what comes after it.
Result<void> Update(const std::vector<std::string>& updates, Loading& loading,
                    DigestIndex::Lists& lists) {
  DigestIndex::Lists coming;
  std::set<std::string> places;
  for (const std::string& update : updates) {
    auto state = loading.Load(PackageSource(update));
    if (!state) return Fail(state.error());
    if (!state->rejected.empty()) {
      const RejectedList& first = state->rejected.front();
      return Fail(EKEYREJECTED, "--update " + update + ": " + first.name +
                                    ": " + first.error);
    }
    for (auto& list : state->lists) {
      places.insert(PlaceOf(*list));
      coming.push_back(std::move(list));
    }
  }
  std::erase_if(lists, [&places](const auto& list) {
    return places.contains(PlaceOf(*list));
  });
  std::ranges::move(coming, std::back_inserter(lists));
  return {};
}

void AddFlags(const std::vector<RawList>& raw,
              const SignatureVerifier& verifier, const Revocations& revocations,
              const std::set<std::string>& paths,
              std::map<std::string, std::uint32_t>& flags) {
  const SignedPackages checked = CheckPackages(raw, verifier, revocations);
  for (const RpmPackageFiles& package : checked.packages) {
    for (const RpmFileMetadata& file : package.files) {
      if (paths.contains(file.path)) flags[file.path] |= file.flags;
    }
  }
}

}  // namespace

void AddListOptions(CLI::App& verb, ListArguments& arguments) {
  arguments.lists = {kDefaultLists};
  arguments.keys = {kDefaultKeys};
  verb.add_option("--lists", arguments.lists,
                  "folder of lists, list, package file, or rpmdb:ROOT; "
                  "repeatable [/etc/digest_lists]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  verb.add_option("--keys", arguments.keys,
                  "folder or file of trusted keys (.asc, .pem, .crl); "
                  "repeatable [/etc/assayfs/keys.d]")
      ->type_name("PATH")
      ->allow_extra_args(false);
  AddRevokedOption(verb, arguments.revoked);
}

Result<std::shared_ptr<const Keyring>> LoadKeys(
    const ListArguments& arguments) {
  auto keyring = Keyring::Load(arguments.keys);
  if (!keyring) return Fail(Error(keyring.error()).WithContext("keys"));
  for (const std::string& problem : (*keyring)->problems()) {
    ReportFailure("keys", problem);
  }
  return keyring;
}

Result<KnownLists> LoadKnownLists(const ListArguments& arguments,
                                  const SignatureVerifier& verifier,
                                  const ListReading& reading) {
  const auto revocations = ReadRevoked(arguments.revoked);
  if (!revocations) return Fail(revocations.error());
  auto sources = SourcesOf(arguments.lists);
  if (!sources) return Fail(sources.error());
  Loading loading(verifier, reading.attributes);
  KnownLists known;
  DigestIndex::Lists lists;
  for (const ListSource& source : *sources) {
    auto state = loading.Load(source);
    if (!state) return Fail(state.error());
    std::ranges::move(state->lists, std::back_inserter(lists));
    std::ranges::move(state->rejected, std::back_inserter(known.refused));
  }
  known.sources = std::move(*sources);
  known.unreadable = std::ranges::any_of(known.refused, [](const auto& list) {
    return RefusalReason(Error(EIO, list.error)) == "unreadable";
  });
  if (lists.empty() && known.refused.empty()) {
    return Fail(ENOENT, "no digest list in " + arguments.lists.front());
  }
  if (reading.rejected) {
    const auto added =
        AddRejected(known.sources, known.refused, verifier, lists);
    if (!added) return Fail(added.error());
  }
  if (auto removed = Remove(arguments.removed, lists); !removed) {
    return Fail(removed.error());
  }
  if (auto updated = Update(arguments.updates, loading, lists); !updated) {
    return Fail(updated.error());
  }
  auto withdrawals = std::make_shared<Withdrawals>();
  withdrawals->revocations = *revocations;
  known.index =
      DigestIndex(1, std::move(lists)).Under(1, std::move(withdrawals));
  for (const RejectedList& list : known.refused) {
    ReportFailure("list " + list.name, list.error);
  }
  return known;
}

Result<std::map<std::string, std::uint32_t>> FlagsOf(
    const KnownLists& lists, const SignatureVerifier& verifier,
    const std::set<std::string>& paths) {
  std::map<std::string, std::uint32_t> flags;
  std::vector<RawList> raw;
  const auto add = [&] {
    AddFlags(raw, verifier, lists.index->withdrawals()->revocations, paths,
             flags);
    raw.clear();
  };
  for (const ListSource& source : lists.sources) {
    const auto visited = VisitSource(source, [&](RawList list) {
      raw.push_back(std::move(list));
      if (raw.size() >= kMostRaw) add();
    });
    if (!visited) return Fail(visited.error());
  }
  add();
  return flags;
}

std::string PackageNaming(const DigestIndex& index,
                          const std::vector<std::string>& spellings) {
  for (const std::string& path : spellings) {
    for (const DigestIndex::Entry& entry : index.FindPath(path)) {
      if (!entry.counts()) continue;
      const LoadedList& list = *entry.list;
      return list.package.empty() ? list.name : list.package;
    }
  }
  return {};
}

}  // namespace assayfs
