// SPDX-License-Identifier: Apache-2.0
// Adding lists before an update, and settling which of them stay.
#include "app/list_update/list_update.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>
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
constexpr char kLockName[] = ".update.lock";
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kLookAgain{20};
constexpr std::string_view kPackagePrefix = "rpm-";
// In the name of a list whose own name was taken by another one.
constexpr std::string_view kBeside = "~new";

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

// Not a lock of the folder, which everybody can open and so lock.
Result<UniqueFd> Lock(int dir_fd) {
  UniqueFd file(::openat(dir_fd, kLockName,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return Fail(Error::FromErrno(kLockName));
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Fail(Error::FromErrno(kLockName));
    if (std::chrono::steady_clock::now() > end) {
      return Fail(EBUSY, "another `lists update` is at work");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  return file;
}

}  // namespace

Result<ListUpdate> ListUpdate::Open(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  auto lock = Lock(fd.get());
  if (!lock) return Fail(std::move(lock).error().WithContext(folder));
  return ListUpdate(folder, std::move(fd), std::move(*lock));
}

Result<ListUpdate::Headers> ListUpdate::ReadHeaders(const std::string& root) {
  const auto packages = ReadRpmDatabase(root);
  if (!packages && packages.error().code() == ENOENT) return std::nullopt;
  if (!packages) return Fail(packages.error());
  // A database that nobody uses would say that nothing is installed.
  if (packages->empty()) return std::nullopt;
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
  if (!bytes && bytes.error().code() == ENOENT) return std::nullopt;
  if (!bytes) return Fail(bytes.error());
  return PayloadDigest(*bytes);
}

Result<bool> ListUpdate::IsInstalled(const std::string& name,
                                     const Headers& headers) const {
  if (!headers || !IsOfPackage(name)) return false;
  const auto payload = PayloadOf(name);
  if (!payload) return Fail(payload.error());
  return *payload && headers->contains(**payload);
}

Result<ListUpdate::Names> ListUpdate::AddedByAll() const {
  const auto ids = UnderWay();
  if (!ids) return Fail(ids.error());
  Names added;
  for (const std::string& id : *ids) {
    const auto journal = ReadUpdateJournal(fd_.get(), id);
    if (!journal) return Fail(journal.error());
    if (!*journal) continue;
    added.insert((*journal)->added.begin(), (*journal)->added.end());
  }
  return added;
}

// Finds the name for a list: its own, or if that is taken by other content, the
// first free one beside it.
Result<void> ListUpdate::PlanComing(const ComingList& list, const Bases& bases,
                                    const Names& added, Plan& plan) const {
  const auto payload = PayloadDigest(list.bytes);
  const std::string base = WithoutNumber(list.name);
  for (int number = 1;; ++number) {
    std::string wanted = number == 1 ? base : base + std::string(kBeside);
    if (number > 2) wanted += std::to_string(number - 1);
    const auto taken = bases.find(wanted);
    if (taken == bases.end()) {
      const std::string& name = number == 1 ? list.name : wanted;
      const auto [written, fresh] = plan.to_write.emplace(name, list.bytes);
      if (!fresh && PayloadDigest(written->second) != payload) continue;
      plan.begun.added += fresh ? 1 : 0;
      plan.journal.added.insert(name);
      return {};
    }
    const auto there = ReadFileAt(fd_.get(), taken->second, kMaxListBytes);
    if (!there) return Fail(there.error());
    if (PayloadDigest(*there) != payload) continue;
    ++plan.begun.there_already;
    // Perhaps with another signature.
    if (*there != list.bytes) plan.to_write.emplace(taken->second, list.bytes);
    // What another update brought is wanted by this one as well.
    if (added.contains(taken->second)) plan.journal.added.insert(taken->second);
    return {};
  }
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
  const auto added = AddedByAll();
  if (!added) return Fail(added.error());
  for (const ComingList& list : coming) {
    auto planned = PlanComing(list, bases, *added, plan);
    if (!planned) return Fail(planned.error());
    // What comes takes its place, so it is not to go by its name.
    plan.journal.removed.erase(list.name);
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
  const auto headers = ReadHeaders((*journal)->root);
  if (!headers) return Fail(headers.error());
  for (const std::string& name : (*journal)->added) {
    const auto installed = IsInstalled(name, *headers);
    if (!installed) return Fail(installed.error());
    if (*installed) return false;
  }
  return true;
}

Result<std::optional<ListUpdate::Settled>> ListUpdate::Settle(
    const std::string& id, Outcome outcome) {
  auto journal = ReadUpdateJournal(fd_.get(), id);
  if (!journal) return Fail(std::move(journal).error().WithContext(folder_));
  if (!*journal) return std::nullopt;
  auto headers = ReadHeaders((*journal)->root);
  if (!headers) return Fail(headers.error());
  auto awaited = AwaitedByOthers(id);
  if (!awaited) return Fail(std::move(awaited).error().WithContext(folder_));
  const Facts facts{std::move(**journal), std::move(*headers),
                    std::move(*awaited)};
  const auto settled = SettleLists(facts, outcome);
  if (!settled) return Fail(Error(settled.error()).WithContext(folder_));
  // What was settled must be on disk before the reason for it goes.
  auto done = Sync();
  if (done) done = DropUpdateJournal(fd_.get(), id);
  if (done) done = Sync();
  if (!done) return Fail(std::move(done).error().WithContext(folder_));
  return *settled;
}

Result<ListUpdate::Names> ListUpdate::AwaitedByOthers(
    const std::string& id) const {
  const auto ids = UnderWay();
  if (!ids) return Fail(ids.error());
  Names awaited;
  for (const std::string& other : *ids) {
    if (other == id) continue;
    auto journal = ReadUpdateJournal(fd_.get(), other);
    if (!journal) return Fail(journal.error());
    if (!*journal) continue;
    const auto headers = ReadHeaders((*journal)->root);
    if (!headers) return Fail(headers.error());
    Names waiting;
    for (const std::string& name : (*journal)->added) {
      const auto installed = IsInstalled(name, *headers);
      if (!installed) return Fail(installed.error());
      if (!*installed) waiting.insert(name);
    }
    awaited.insert(waiting.begin(), waiting.end());
    if (waiting == (*journal)->added) continue;
    // Those have landed; when they go again, nobody waits for them.
    (*journal)->installed.insert((*journal)->added.begin(),
                                 (*journal)->added.end());
    (*journal)->added = std::move(waiting);
    auto kept = KeepUpdateJournal(fd_.get(), other, **journal);
    if (!kept) return Fail(kept.error());
  }
  return awaited;
}

Result<bool> ListUpdate::Stays(const std::string& name, const Facts& facts,
                               Outcome outcome) const {
  const bool ends = outcome == Outcome::kEnd;
  const bool added = facts.journal.added.contains(name);
  if (ends && facts.journal.removed.contains(name)) return false;
  if (facts.awaited.contains(name)) return true;
  if (facts.headers && IsOfPackage(name) &&
      (added || facts.journal.installed.contains(name))) {
    return IsInstalled(name, facts.headers);
  }
  return ends || !added;
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

// Gives lists that came beside others the names that those had.
Result<void> ListUpdate::NameForGood(const Names& added) const {
  const auto names = ListNames(folder_);
  if (!names) return Fail(names.error());
  for (const std::string& name : added) {
    const std::string base = name.substr(0, name.rfind(kBeside));
    if (base == name || !std::ranges::count(*names, name)) continue;
    const auto old = std::ranges::find_if(*names, [&](const auto& other) {
      return WithoutNumber(other) == base;
    });
    const std::string& lasting = old == names->end() ? base : *old;
    if (::renameat(fd_.get(), name.c_str(), fd_.get(), lasting.c_str()) != 0) {
      return Fail(Error::FromErrno(name));
    }
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
  auto named = NameForGood(facts.journal.added);
  if (!named) return Fail(named.error());
  return settled;
}

Result<void> ListUpdate::Sync() const {
  if (::fsync(fd_.get()) != 0) return Fail(Error::FromErrno("fsync"));
  return {};
}

}  // namespace assayfs
