// SPDX-License-Identifier: Apache-2.0
// Adding lists before an update, and settling which of them stay.
#include "app/list_update/list_update.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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
// Between the name of a list, taken by another one, and what tells it apart.
constexpr char kBeside = '~';
constexpr std::size_t kBesideDigits = 8;

bool IsOfPackage(const std::string& name) {
  return WithoutNumber(name).starts_with(kPackagePrefix);
}

// The SHA-256 of what a list's signature covers; nothing for what is no list.
std::optional<Digest> PayloadDigest(Bytes list) {
  const auto split = SplitSignature(list);
  if (!split) return std::nullopt;
  const auto digest = HashBytes(HashAlgorithm::kSha256, split->payload);
  return digest ? std::optional(*digest) : std::nullopt;
}

}  // namespace

Result<ListUpdate> ListUpdate::Open(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  auto lock = UpdateLock::Take(fd.get());
  if (!lock) return Fail(std::move(lock).error().WithContext(folder));
  return ListUpdate(folder, std::move(fd), std::move(*lock));
}

Result<ListUpdate::Headers> ListUpdate::ReadHeaders(const std::string& root) {
  const auto packages = ReadRpmDatabase(root);
  if (!packages && packages.error().code() == ENOENT) return std::nullopt;
  if (!packages) return Fail(packages.error());
  std::set<Digest> headers;
  for (const InstalledPackage& package : *packages) {
    const auto digest = HashBytes(HashAlgorithm::kSha256, package.header);
    if (!digest) return Fail(digest.error());
    headers.insert(*digest);
  }
  return headers;
}

Result<std::optional<Digest>> ListUpdate::PayloadOf(
    const std::string& name) const {
  const auto bytes = ReadFileAt(fd_.get(), name, kMaxListBytes);
  if (bytes) return PayloadDigest(*bytes);
  // Gone meanwhile, a link that leads nowhere, or nothing that a mount takes.
  const int code = bytes.error().code();
  const bool none =
      code == ENOENT || code == ELOOP || code == EFBIG || code == EINVAL;
  if (none) return std::nullopt;
  return Fail(bytes.error());
}

Result<bool> ListUpdate::IsInstalled(const std::string& name,
                                     const Headers& headers) const {
  if (!headers || !IsOfPackage(name)) return false;
  const auto payload = PayloadOf(name);
  if (!payload) return Fail(payload.error());
  return *payload && headers->contains(**payload);
}

Result<ListUpdate::Journals> ListUpdate::ReadJournals() const {
  const auto ids = UnderWay();
  if (!ids) return Fail(ids.error());
  Journals journals;
  for (const std::string& id : *ids) {
    auto journal = ReadUpdateJournal(fd_.get(), id);
    if (!journal) return Fail(journal.error());
    if (*journal) journals.emplace(id, std::move(**journal));
  }
  return journals;
}

Result<bool> ListUpdate::Holds(const std::string& name, Bytes list) const {
  const auto there = ReadFileAt(fd_.get(), name, kMaxListBytes);
  if (there) return std::ranges::equal(*there, list);
  // A link that leads nowhere is replaced.
  if (there.error().code() == ENOENT) return false;
  return Fail(there.error());
}

// Finds the name for a list: its own, or one beside it if that is taken.
Result<void> ListUpdate::PlanComing(const ComingList& list, const Bases& bases,
                                    const Names& added, Plan& plan) const {
  std::string name = list.name;
  const auto taken = bases.find(WithoutNumber(name));
  const bool planned = plan.to_write.contains(name);
  if (taken != bases.end() || planned) {
    const auto same =
        planned ? std::ranges::equal(plan.to_write.at(name), list.bytes)
                : Holds(taken->second, list.bytes);
    if (!same) return Fail(same.error());
    if (*same) {
      ++plan.begun.there_already;
      name = planned ? name : taken->second;
      // What others brought is wanted by this one as well; and of packages the
      // database says in the end whether they are.
      if (IsOfPackage(name) || added.contains(name)) {
        plan.journal.added.insert(name);
      }
      plan.journal.removed.erase(name);
      return {};
    }
    if (!IsOfPackage(name)) {
      return Fail(EEXIST, name +
                              ": another list has this name; call the new "
                              "one otherwise, and --remove that");
    }
    const auto digest = HashBytes(HashAlgorithm::kSha256, list.bytes);
    if (!digest) return Fail(digest.error());
    name =
        WithoutNumber(name) + kBeside + digest->Hex().substr(0, kBesideDigits);
    if (bases.contains(name)) {
      ++plan.begun.there_already;
      plan.journal.added.insert(name);
      return {};
    }
  }
  plan.begun.added += plan.to_write.emplace(name, list.bytes).second ? 1 : 0;
  plan.journal.added.insert(name);
  return {};
}

Result<ListUpdate::Plan> ListUpdate::MakePlan(
    const std::string& id, const std::string& root,
    const std::vector<ComingList>& coming,
    const std::vector<std::string>& removed) const {
  const auto found = ReadUpdateJournal(fd_.get(), id);
  if (!found) return Fail(found.error());
  Plan plan;
  plan.begun.continued = found->has_value();
  plan.journal = found->value_or(UpdateJournal{root, {}, {}, {}});
  if (plan.journal.root != root) {
    return Fail(EEXIST, "update " + id + " is of " + plan.journal.root +
                            "; end or abort it first");
  }
  const auto listed = ListNames(folder_);
  if (!listed) return Fail(listed.error());
  const Names names(listed->begin(), listed->end());
  for (const std::string& name : removed) {
    if (!names.contains(name) || name.find('\n') != std::string::npos) {
      return Fail(ENOENT, name + ": no such list");
    }
    plan.journal.removed.insert(name);
  }
  const auto headers = ReadHeaders(root);
  if (!headers) return Fail(headers.error());
  Bases bases;
  for (const std::string& name : names) {
    bases.emplace(WithoutNumber(name), name);
    const auto installed = IsInstalled(name, *headers);
    if (!installed) return Fail(installed.error());
    // A line of the journal cannot hold every name.
    const bool fits = name.find('\n') == std::string::npos;
    if (*installed && fits) plan.journal.installed.insert(name);
  }
  const auto journals = ReadJournals();
  if (!journals) return Fail(journals.error());
  Names added;
  for (const auto& [other, journal] : *journals) {
    added.insert(journal.added.begin(), journal.added.end());
  }
  for (const ComingList& list : coming) {
    auto planned = PlanComing(list, bases, added, plan);
    if (!planned) return Fail(planned.error());
  }
  return plan;
}

Result<ListUpdate::Begun> ListUpdate::Begin(
    const std::string& id, const std::string& root,
    const std::vector<ComingList>& coming,
    const std::vector<std::string>& removed) {
  if (!IsUpdateId(id)) {
    return Fail(EINVAL,
                "the id of an update has 1 to 64 letters, digits and "
                "\"-_.\"");
  }
  if (!root.starts_with('/') || root.find('\n') != std::string::npos) {
    return Fail(EINVAL, "the root must be an absolute path in one line");
  }
  const auto plan = MakePlan(id, root, coming, removed);
  if (!plan) return Fail(Error(plan.error()).WithContext(folder_));
  // Before the lists, so that none can be left behind.
  auto done = KeepUpdateJournal(fd_.get(), id, plan->journal);
  if (done) done = Sync();
  for (auto it = plan->to_write.begin(); done && it != plan->to_write.end();
       ++it) {
    done = ReplaceFileAt(fd_.get(), it->first, it->second, kListMode);
  }
  if (done) done = Sync();
  if (!done) return Fail(std::move(done).error().WithContext(folder_));
  return plan->begun;
}

Result<bool> ListUpdate::NoneIsInstalled(const std::string& id) const {
  const auto journal = ReadUpdateJournal(fd_.get(), id);
  if (!journal) return Fail(Error(journal.error()).WithContext(folder_));
  if (!*journal || (*journal)->added.empty()) return false;
  const auto waiting = NotInstalled(**journal);
  if (!waiting) return Fail(waiting.error());
  return *waiting == (*journal)->added;
}

Result<ListUpdate::Names> ListUpdate::NotInstalled(
    const UpdateJournal& journal) const {
  const auto headers = ReadHeaders(journal.root);
  if (!headers) return Fail(headers.error());
  Names waiting;
  for (const std::string& name : journal.added) {
    const auto installed = IsInstalled(name, *headers);
    if (!installed) return Fail(installed.error());
    if (!*installed) waiting.insert(name);
  }
  return waiting;
}

Result<std::optional<ListUpdate::Settled>> ListUpdate::Settle(
    const std::string& id, Outcome outcome) {
  auto journal = ReadUpdateJournal(fd_.get(), id);
  if (!journal) return Fail(std::move(journal).error().WithContext(folder_));
  if (!*journal) return std::nullopt;
  auto headers = ReadHeaders((*journal)->root);
  if (!headers) return Fail(headers.error());
  if (!*headers && !(*journal)->installed.empty()) {
    return Fail(EIO, (*journal)->root +
                         ": the RPM database that was there is gone; see that "
                         "it can be read");
  }
  auto awaited = AwaitedByOthers(id);
  if (!awaited) return Fail(std::move(awaited).error().WithContext(folder_));
  const Facts facts{std::move(**journal), std::move(*headers),
                    std::move(*awaited)};
  const auto settled = SettleLists(facts, outcome);
  if (!settled) return Fail(Error(settled.error()).WithContext(folder_));
  // What was settled must be on disk before the reason for it goes.
  auto done = Sync();
  if (done && outcome == Outcome::kEnd) {
    done = LeaveForGood(id, facts.journal.added);
  }
  if (done) done = DropUpdateJournal(fd_.get(), id);
  if (done) done = Sync();
  if (!done) return Fail(std::move(done).error().WithContext(folder_));
  return *settled;
}

Result<ListUpdate::Names> ListUpdate::AwaitedByOthers(
    const std::string& id) const {
  auto journals = ReadJournals();
  if (!journals) return Fail(journals.error());
  journals->erase(id);
  Names awaited;
  for (auto& [other, journal] : *journals) {
    auto waiting = NotInstalled(journal);
    // Of a root that cannot be read: nothing is known to have landed.
    if (!waiting) waiting = journal.added;
    awaited.insert(waiting->begin(), waiting->end());
    if (*waiting == journal.added) continue;
    // Those have landed; when they go again, nobody waits for them.
    journal.installed.insert(journal.added.begin(), journal.added.end());
    journal.added = std::move(*waiting);
    auto kept = KeepUpdateJournal(fd_.get(), other, journal);
    if (!kept) return Fail(kept.error());
  }
  return awaited;
}

// What this update brought, and is still there, is no more for others to take
// away; but of packages the database knows.
Result<void> ListUpdate::LeaveForGood(const std::string& id,
                                      const Names& added) const {
  auto journals = ReadJournals();
  if (!journals) return Fail(journals.error());
  journals->erase(id);
  for (auto& [other, journal] : *journals) {
    std::size_t erased = 0;
    for (const std::string& name : added) {
      erased += journal.removed.erase(name);
      if (!IsOfPackage(name)) erased += journal.added.erase(name);
    }
    if (erased == 0) continue;
    auto kept = KeepUpdateJournal(fd_.get(), other, journal);
    if (!kept) return kept;
  }
  return {};
}

Result<bool> ListUpdate::Stays(const std::string& name, const Facts& facts,
                               Outcome outcome) const {
  if (facts.awaited.contains(name)) return true;
  const bool added = facts.journal.added.contains(name);
  if (facts.headers && IsOfPackage(name) &&
      (added || facts.journal.installed.contains(name))) {
    return IsInstalled(name, facts.headers);
  }
  return outcome == Outcome::kEnd ? !facts.journal.removed.contains(name)
                                  : !added;
}

Result<void> ListUpdate::Remove(const std::string& name) const {
  // A link that `lists number` left would be a list that cannot be read.
  const std::string base = WithoutNumber(name);
  if (AliasTarget(fd_.get(), base) == name) {
    ::unlinkat(fd_.get(), base.c_str(), 0);
  }
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return Fail(Error::FromErrno(name));
  }
  return {};
}

Result<ListUpdate::Settled> ListUpdate::SettleLists(const Facts& facts,
                                                    Outcome outcome) const {
  Names concerned = facts.journal.added;
  concerned.insert(facts.journal.installed.begin(),
                   facts.journal.installed.end());
  concerned.insert(facts.journal.removed.begin(), facts.journal.removed.end());
  const auto names = ListNames(folder_);
  if (!names) return Fail(names.error());
  Settled settled;
  for (const std::string& name : *names) {
    if (!concerned.contains(name)) continue;
    const auto stays = Stays(name, facts, outcome);
    if (!stays) return Fail(stays.error());
    ++(*stays ? settled.kept : settled.removed);
    if (*stays) continue;
    auto removed = Remove(name);
    if (!removed) return Fail(removed.error());
  }
  return settled;
}

Result<void> ListUpdate::Sync() const {
  if (::fsync(fd_.get()) != 0) return Fail(Error::FromErrno("fsync"));
  return {};
}

}  // namespace assayfs
