// SPDX-License-Identifier: Apache-2.0
// Learn: content in recorded uses that no list knows.
#include "app/uses/learn.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/uses/decide_use.h"
#include "app/uses/known_lists.h"
#include "app/uses/use_records.h"
#include "appraise/tree_path.h"
#include "lists/rpm_file_metadata.h"
#include "policy/glob.h"

namespace assayfs {
namespace {

// The contents of uses, those of one path that have a digest in common put
// together: a line of a denial has but one of the digests.
class Contents {
 public:
  void Add(const LoggedUse& use) {
    const std::string program = ProgramOf(use);
    if ((use.use.mask & (kMayWrite | kMayAppend)) != 0) {
      makers_[use.path()].insert(program);
    }
    if (use.digests.empty()) return;
    const std::size_t number = Find(use);
    AddDigests(use.digests, number);
    all_[number].users.insert(program);
    all_[number].was_modified |= use.reason == ReasonName(Reason::kModified);
  }

  // By path.
  std::vector<UnknownContent> Finish() && {
    std::erase_if(all_, [](const auto& one) { return one.digests.empty(); });
    for (UnknownContent& content : all_) {
      const auto makers = makers_.find(content.path);
      if (makers != makers_.end()) content.makers = makers->second;
    }
    std::ranges::stable_sort(all_, {}, &UnknownContent::path);
    return std::move(all_);
  }

 private:
  std::size_t Find(const LoggedUse& use) {
    std::set<std::size_t> same;
    for (const Digest& digest : use.digests) {
      const auto known = numbers_.find({use.path(), digest});
      if (known != numbers_.end()) same.insert(known->second);
    }
    if (same.empty()) {
      all_.emplace_back();
      all_.back().path = use.path();
      return all_.size() - 1;
    }
    const std::size_t first = *same.begin();
    // What was taken for several contents is one.
    std::for_each(std::next(same.begin()), same.end(),
                  [&](std::size_t other) { Merge(other, first); });
    return first;
  }

  void Merge(std::size_t from, std::size_t into) {
    UnknownContent& gone = all_[from];
    AddDigests(std::exchange(gone.digests, {}), into);
    all_[into].users.merge(gone.users);
    all_[into].was_modified |= gone.was_modified;
  }

  void AddDigests(const std::vector<Digest>& digests, std::size_t number) {
    UnknownContent& content = all_[number];
    for (const Digest& digest : digests) {
      numbers_[{content.path, digest}] = number;
      if (!std::ranges::count(content.digests, digest)) {
        content.digests.push_back(digest);
      }
    }
  }

  std::vector<UnknownContent> all_;
  std::map<std::pair<std::string, Digest>, std::size_t> numbers_;
  std::map<std::string, std::set<std::string>> makers_;  // by path
};

enum class Knowledge { kKnown, kUnknown, kWithdrawn };

Knowledge KnowledgeOf(const DigestIndex& index,
                      const std::vector<Digest>& digests) {
  const bool revoked = std::ranges::any_of(digests, [&](const Digest& digest) {
    return index.withdrawals()->revocations.Has(digest);
  });
  if (revoked) return Knowledge::kWithdrawn;
  Content content;
  content.digests = digests;
  const auto entries = FindContent(index, content, nullptr);
  if (entries.empty()) return Knowledge::kUnknown;
  const bool counts = std::ranges::any_of(
      entries, [](const auto& entry) { return entry.counts(); });
  return counts ? Knowledge::kKnown : Knowledge::kWithdrawn;
}

// The digest that a list is to have; null if all are weak.
const Digest* BestDigest(const std::vector<Digest>& digests) {
  const Digest* best = nullptr;
  for (const Digest& digest : digests) {
    if (digest.algorithm() == HashAlgorithm::kSha256) return &digest;
    if (!IsStrong(digest.algorithm())) continue;
    // Lists with digests of fs-verity are not for everybody.
    const bool better =
        best == nullptr ||
        (IsVerity(best->algorithm()) && !IsVerity(digest.algorithm())) ||
        (IsVerity(best->algorithm()) == IsVerity(digest.algorithm()) &&
         DigestBytes(digest.algorithm()) > DigestBytes(best->algorithm()));
    if (better) best = &digest;
  }
  return best;
}

bool MatchesOne(const std::vector<std::string>& globs,
                const std::string& path) {
  return std::ranges::any_of(globs, [&path](const std::string& glob) {
    return GlobMatches(glob, path);
  });
}

}  // namespace

std::string_view KindName(UnknownContent::Kind kind) {
  switch (kind) {
    case UnknownContent::Kind::kConfiguration:
      return "modified configuration";
    case UnknownContent::Kind::kModified:
      return "modified";
    case UnknownContent::Kind::kAlien:
      return "alien";
    case UnknownContent::Kind::kWithdrawn:
      return "withdrawn";
  }
  return "";
}

UnknownContents FindUnknownContents(const std::vector<LoggedUse>& uses,
                                    const DigestIndex& index) {
  Contents contents;
  for (const LoggedUse& use : uses) contents.Add(use);
  UnknownContents unknown;
  for (UnknownContent& content : std::move(contents).Finish()) {
    const Knowledge knowledge = KnowledgeOf(index, content.digests);
    if (knowledge == Knowledge::kKnown) continue;
    if (knowledge == Knowledge::kWithdrawn) {
      content.kind = UnknownContent::Kind::kWithdrawn;
    } else if (!MissingAlgorithms(index, {}, content.digests).empty()) {
      ++unknown.undecided;
      continue;
    }
    content.package = PackageNaming(index, ListedSpellings({content.path}));
    unknown.all.push_back(std::move(content));
  }
  return unknown;
}

std::set<std::string> SpellingsOf(const UnknownContents& contents) {
  std::set<std::string> all;
  for (const UnknownContent& content : contents.all) {
    all.merge([&content] {
      const auto spellings = ListedSpellings({content.path});
      return std::set<std::string>(spellings.begin(), spellings.end());
    }());
  }
  return all;
}

void SetKinds(const DigestIndex& index,
              const std::map<std::string, std::uint32_t>& flags,
              UnknownContents& contents) {
  for (UnknownContent& content : contents.all) {
    if (content.kind == UnknownContent::Kind::kWithdrawn) continue;
    const auto spellings = ListedSpellings({content.path});
    const bool configuration =
        std::ranges::any_of(spellings, [&flags](const std::string& path) {
          const auto found = flags.find(path);
          return found != flags.end() && (found->second & kRpmConfig) != 0;
        });
    if (configuration) {
      content.kind = UnknownContent::Kind::kConfiguration;
    } else if (content.was_modified ||
               !PackageNaming(index, spellings).empty()) {
      content.kind = UnknownContent::Kind::kModified;
    }
  }
}

void TakeContents(const std::vector<std::string>& take,
                  const std::vector<std::string>& leave,
                  UnknownContents& contents) {
  for (UnknownContent& content : contents.all) {
    content.taken = content.kind != UnknownContent::Kind::kWithdrawn &&
                    BestDigest(content.digests) != nullptr &&
                    MatchesOne(take, content.path) &&
                    !MatchesOne(leave, content.path);
  }
}

std::vector<std::string> IdleGlobs(const std::vector<std::string>& take,
                                   const std::vector<std::string>& leave,
                                   const UnknownContents& contents) {
  const auto has = [&contents](const std::string& glob, bool only_taken) {
    return std::ranges::any_of(contents.all, [&](const UnknownContent& one) {
      return (one.taken || !only_taken) && GlobMatches(glob, one.path);
    });
  };
  std::vector<std::string> idle;
  for (const std::string& glob : take) {
    if (!has(glob, true)) idle.push_back("--take " + glob + " took nothing");
  }
  for (const std::string& glob : leave) {
    if (!has(glob, false)) {
      idle.push_back("--leave " + glob + " matches nothing that is unknown");
    }
  }
  return idle;
}

std::vector<ListedFile> TakenFiles(const UnknownContents& contents) {
  std::vector<ListedFile> files;
  for (const UnknownContent& content : contents.all) {
    if (!content.taken) continue;
    files.push_back({*BestDigest(content.digests), content.path, {}});
  }
  return files;
}

std::vector<std::string> WarningsOf(const UnknownContents& contents) {
  std::vector<std::string> warnings;
  std::map<std::string, std::size_t> counts;
  for (const UnknownContent& content : contents.all) {
    if (!content.taken) continue;
    ++counts[content.path];
    if (content.kind == UnknownContent::Kind::kModified) {
      const std::string other = content.package.empty()
                                    ? "a list of that mount had"
                                    : content.package + " has";
      warnings.push_back(content.path + ": taken, though " + other +
                         " another content for it, and it is no configuration");
    }
  }
  for (const auto& [path, count] : counts) {
    if (count == 1) continue;
    warnings.push_back(path + ": " + std::to_string(count) +
                       " contents were taken; each of them will do");
  }
  return warnings;
}

}  // namespace assayfs
