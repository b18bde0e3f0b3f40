// SPDX-License-Identifier: Apache-2.0
// NameJudge: entries of lists, and what their paths lead to.
#include "appraise/name_judge.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "appraise/accounts.h"
#include "appraise/file_capabilities.h"

namespace assayfs {
namespace {

constexpr mode_t kPrivileges = S_ISUID | S_ISGID;

// How long a link that would be denied waits for lists that are on their way.
// Threads that answer requests wait here, so it is not long.
constexpr std::chrono::milliseconds kListWait{1000};

std::string Leads(const LoadedList& list, const std::string& target,
                  const std::string& listed) {
  return "list " + list.name + ": leads to " + target + " instead of " + listed;
}

// Returns the rule that binds links to what lists say; null if there is none.
const Rule* FindRule(const Policy& policy, const Use& use) {
  const DemandList demands = Match(policy, use);
  for (const Demand& demand : demands.all()) {
    if (demand.appraise != nullptr && demand.appraise->terms.bind.link) {
      return demand.appraise;
    }
  }
  return nullptr;
}

}  // namespace

bool NameJudge::judges_links() const {
  return BindingOf(*appraiser_.policy()).link;
}

bool NameJudge::MoreWasLoaded(const DigestIndex& since) const {
  lists_.WaitUntilLoaded(kListWait);
  return lists_.Current()->epoch() != since.epoch();
}

std::string NameJudge::ProblemOf(int fd, const std::string& name,
                                 const std::string& target) const {
  const auto index = lists_.Current();
  std::string problem;
  // The last name is the same however the folders above it are spelled.
  for (const auto& [list, link] : index->FindLinksNamed(name)) {
    const bool same = link->target == target;
    if (same && tree_.IsPlaceOf(*list, link->path, fd)) return {};
    if (same || !tree_.IsAt(link->path, fd)) continue;
    problem = Leads(*list, target, link->target);
  }
  if (!problem.empty()) return problem;
  for (const DigestIndex::Entry& entry : index->FindNamed(name)) {
    if (!entry.counts() || !tree_.IsAt(entry.path(), fd)) continue;
    return Leads(*entry.list, target, "being a file");
  }
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Error::FromErrno("fstat").message();
  if (info.st_nlink <= 1) return {};
  return "has several names, and no list gives it this one";
}

bool NameJudge::PermitsLink(int fd, const std::string& name,
                            const std::string& target, Use asker) const {
  const Mode mode = appraiser_.mode();
  const auto policy = appraiser_.policy();
  if (mode == Mode::kOff || !BindsLinks(*policy)) return true;
  facts_.Find(fd, policy->needs, asker);
  const Rule* const rule = FindRule(*policy, asker);
  if (rule == nullptr) return true;
  const auto before = lists_.Current();
  UseRecord record;
  record.detail = ProblemOf(fd, name, target);
  if (record.detail.empty()) return true;
  if (MoreWasLoaded(*before)) record.detail = ProblemOf(fd, name, target);
  if (record.detail.empty()) return true;
  record.path = tree_.PathOf(fd);
  record.use = asker;
  record.decision = {Verdict::kDeny, Reason::kMetadataMismatch};
  record.rule_text = rule->text;
  record.permitted = Permits(mode, Verdict::kDeny);
  appraiser_.ReportDenied(record);
  return record.permitted;
}

mode_t NameJudge::FindUnlisted(int fd, const struct stat& info,
                               const Binding& binding) const {
  mode_t unlisted = info.st_mode & kPrivileges;
  std::shared_ptr<const Owners> owners;
  if (binding.owner) {
    auto current = tree_.CurrentOwners();
    if (!current) return unlisted;
    owners = std::move(*current);
  }
  const auto index = lists_.Current();
  for (const DigestIndex::Entry& entry : index->FindPrivileged()) {
    const ListedAttributes& listed = *entry.attributes();
    mode_t given = listed.mode & unlisted;
    if (owners && !owners->users.Match(listed.user, info.st_uid)) {
      given &= ~mode_t{S_ISUID};
    }
    if (owners && !owners->groups.Match(listed.group, info.st_gid)) {
      given &= ~mode_t{S_ISGID};
    }
    if (given == 0 || !entry.counts()) continue;
    if (tree_.IsPlaceOf(*entry.list, entry.path(), fd)) unlisted &= ~given;
  }
  return unlisted;
}

mode_t NameJudge::UnlistedPrivileges(int fd, const struct stat& info) const {
  const Binding binding = BindingOf(*appraiser_.policy());
  const bool judges = appraiser_.mode() == Mode::kEnforce && binding.mode;
  if (!judges || (info.st_mode & kPrivileges) == 0) return 0;
  const auto before = lists_.Current();
  const mode_t unlisted = FindUnlisted(fd, info, binding);
  if (unlisted == 0 || !MoreWasLoaded(*before)) return unlisted;
  return FindUnlisted(fd, info, binding);
}

bool NameJudge::FindCapabilities(int fd,
                                 const std::string& capabilities) const {
  const auto index = lists_.Current();
  return std::ranges::any_of(
      index->FindPrivileged(), [&](const DigestIndex::Entry& entry) {
        const auto listed = ParseCapabilities(entry.attributes()->capabilities);
        return listed && *listed == capabilities && entry.counts() &&
               tree_.IsPlaceOf(*entry.list, entry.path(), fd);
      });
}

bool NameJudge::ShowsCapabilities(int fd, Bytes value) const {
  const bool judges = appraiser_.mode() == Mode::kEnforce &&
                      BindingOf(*appraiser_.policy()).caps;
  if (!judges) return true;
  const auto capabilities = DecodeCapabilities(value);
  if (!capabilities || capabilities->empty()) return false;
  const auto before = lists_.Current();
  return FindCapabilities(fd, *capabilities) ||
         (MoreWasLoaded(*before) && FindCapabilities(fd, *capabilities));
}

}  // namespace assayfs
