// SPDX-License-Identifier: Apache-2.0
// Adding lists before an update, and settling which of them stay.
#include "app/list_update/list_update.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "appraise/list_source.h"
#include "base/files.h"
#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/list_name.h"
#include "trust/rpm_database.h"

namespace assayfs {
namespace {

constexpr unsigned kListMode = 0644;
constexpr std::string_view kPackagePrefix = "rpm-";
// At the end of the name of a list whose own name was taken by another one.
constexpr std::string_view kBeside = "~new";

Result<Digest> PayloadDigest(Bytes list) {
  const auto split = SplitSignature(list);
  if (!split) return Fail(split.error());
  return HashBytes(HashAlgorithm::kSha256, split->payload);
}

}  // namespace

Result<ListUpdate> ListUpdate::Open(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(Error::FromErrno(folder));
    return Fail(EBUSY, folder + ": another `lists update` is at work");
  }
  return ListUpdate(folder, std::move(fd));
}

Result<std::optional<ListUpdate::Database>> ListUpdate::ReadDatabase(
    const std::string& root) {
  const auto packages = ReadRpmDatabase(root);
  if (!packages && packages.error().code() == ENOENT) return std::nullopt;
  if (!packages) return Fail(packages.error());
  // A database that nobody uses would say that nothing is installed.
  if (packages->empty()) return std::nullopt;
  Database database;
  for (const InstalledPackage& package : *packages) {
    const auto digest = HashBytes(HashAlgorithm::kSha256, package.header);
    if (!digest) return Fail(digest.error());
    database.headers.insert(*digest);
    database.lists.insert(std::string(kPackagePrefix) + package.name);
  }
  return database;
}

Result<ListUpdate::Names> ListUpdate::ReadNames() const {
  const auto listed = ListNames(folder_);
  if (!listed) return Fail(listed.error());
  Names names;
  for (const std::string& name : *listed) {
    names.emplace(WithoutNumber(name), name);
  }
  return names;
}

Result<bool> ListUpdate::HasPayload(const std::string& name, Bytes list) const {
  const auto bytes = ReadFileAt(fd_.get(), name, kMaxListBytes);
  if (!bytes) return Fail(bytes.error());
  const auto here = PayloadDigest(*bytes);
  const auto there = PayloadDigest(list);
  return here && there && *here == *there;
}

Result<bool> ListUpdate::IsInstalled(const std::string& name,
                                     const Database& database) const {
  const auto bytes = ReadFileAt(fd_.get(), name, kMaxListBytes);
  if (!bytes) return Fail(bytes.error());
  const auto digest = PayloadDigest(*bytes);
  return digest && database.headers.contains(*digest);
}

Result<void> ListUpdate::PlanComing(const ComingList& list, const Names& names,
                                    Plan& plan) const {
  std::string base = WithoutNumber(list.name);
  std::string name = list.name;
  const auto taken = names.find(base);
  if (taken != names.end()) {
    const auto same = HasPayload(taken->second, list.bytes);
    if (!same) return Fail(same.error());
    if (*same) {
      ++plan.begun.there_already;
      return {};
    }
    base += kBeside;
    name = base;
  }
  if (plan.to_write.emplace(name, list.bytes).second) ++plan.begun.added;
  plan.journal.added.insert(base);
  return {};
}

Result<ListUpdate::Plan> ListUpdate::MakePlan(
    const std::string& root, const std::vector<ComingList>& coming,
    const std::vector<std::string>& removed) const {
  const auto found = ReadUpdateJournal(fd_.get());
  if (!found) return Fail(found.error());
  Plan plan;
  plan.begun.continued = found->has_value();
  plan.journal = found->value_or(UpdateJournal{root, {}, {}, {}});
  if (plan.journal.root != root) {
    return Fail(EEXIST, "an update of " + plan.journal.root +
                            " is under way; end or abort it first");
  }
  const auto names = ReadNames();
  if (!names) return Fail(names.error());
  for (const std::string& name : removed) {
    const std::string base = WithoutNumber(name);
    if (!names->contains(base)) return Fail(ENOENT, name + ": no such list");
    plan.journal.removed.insert(base);
  }
  const auto database = ReadDatabase(root);
  if (!database) return Fail(database.error());
  for (const auto& [base, name] : *names) {
    if (*database && (*database)->lists.contains(base)) {
      plan.journal.installed.insert(base);
    }
  }
  for (const ComingList& list : coming) {
    auto planned = PlanComing(list, *names, plan);
    if (!planned) return Fail(planned.error());
  }
  return plan;
}

Result<ListUpdate::Begun> ListUpdate::Begin(
    const std::string& root, const std::vector<ComingList>& coming,
    const std::vector<std::string>& removed) {
  if (!root.starts_with('/') || root.find('\n') != std::string::npos) {
    return Fail(EINVAL, "the root must be an absolute path in one line");
  }
  const auto plan = MakePlan(root, coming, removed);
  if (!plan) return Fail(Error(plan.error()).WithContext(folder_));
  // Before the lists, so that none can be left behind.
  auto done = KeepUpdateJournal(fd_.get(), plan->journal);
  for (auto it = plan->to_write.begin(); done && it != plan->to_write.end();
       ++it) {
    done = ReplaceFileAt(fd_.get(), it->first, it->second, kListMode);
  }
  if (!done) return Fail(std::move(done).error().WithContext(folder_));
  return plan->begun;
}

Result<bool> ListUpdate::Stays(const std::string& base, const std::string& name,
                               const UpdateJournal& journal, Outcome outcome,
                               const std::optional<Database>& database) const {
  const bool ends = outcome == Outcome::kEnd;
  if (ends && journal.removed.contains(base)) return false;
  if (database && base.starts_with(kPackagePrefix)) {
    return IsInstalled(name, *database);
  }
  return ends || !journal.added.contains(base);
}

Result<void> ListUpdate::Remove(const std::string& base,
                                const std::string& name) const {
  // A link that `lists number` left would be a list that cannot be read.
  if (AliasTarget(fd_.get(), base) == name) {
    ::unlinkat(fd_.get(), base.c_str(), 0);
  }
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) {
    return Fail(Error::FromErrno(name));
  }
  return {};
}

Result<void> ListUpdate::NameForGood(const Names& names,
                                     const UpdateJournal& journal) const {
  for (const std::string& name : journal.added) {
    if (!name.ends_with(kBeside)) continue;
    const std::string base = name.substr(0, name.size() - kBeside.size());
    const auto old = names.find(base);
    const std::string& lasting = old == names.end() ? base : old->second;
    if (::renameat(fd_.get(), name.c_str(), fd_.get(), lasting.c_str()) != 0 &&
        errno != ENOENT) {
      return Fail(Error::FromErrno(name));
    }
  }
  return {};
}

Result<ListUpdate::Settled> ListUpdate::Settle(Outcome outcome) {
  const auto journal = ReadUpdateJournal(fd_.get());
  if (!journal) return Fail(Error(journal.error()).WithContext(folder_));
  if (!*journal) return Fail(ENOENT, "no update is under way in " + folder_);
  auto settled = SettleLists(**journal, outcome);
  if (!settled) return Fail(std::move(settled).error().WithContext(folder_));
  auto dropped = DropUpdateJournal(fd_.get());
  if (!dropped) return Fail(std::move(dropped).error().WithContext(folder_));
  return settled;
}

Result<ListUpdate::Settled> ListUpdate::SettleLists(
    const UpdateJournal& journal, Outcome outcome) const {
  const auto database = ReadDatabase(journal.root);
  if (!database) return Fail(database.error());
  auto names = ReadNames();
  if (!names) return Fail(names.error());
  Settled settled;
  for (auto it = names->begin(); it != names->end();) {
    const auto& [base, name] = *it;
    if (!journal.added.contains(base) && !journal.installed.contains(base) &&
        !journal.removed.contains(base)) {
      ++it;
      continue;
    }
    const auto stays = Stays(base, name, journal, outcome, *database);
    if (!stays) return Fail(stays.error());
    if (*stays) {
      ++settled.kept;
      ++it;
      continue;
    }
    auto removed = Remove(base, name);
    if (!removed) return Fail(removed.error());
    ++settled.removed;
    it = names->erase(it);
  }
  auto named = NameForGood(*names, journal);
  if (!named) return Fail(named.error());
  return settled;
}

}  // namespace assayfs
