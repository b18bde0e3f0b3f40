// SPDX-License-Identifier: Apache-2.0
// Comparing a whole tree with signed packages.
#include "app/verify/verify_tree.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "app/verify/find_file.h"
#include "base/parallel.h"

namespace assayfs {
namespace {

// That a package owns a file.
struct Claim {
  const RpmPackageFiles* package;
  const RpmFileMetadata* file;

  bool ghost() const { return (file->flags & kRpmGhost) != 0; }
};
// All claims to one path; ghosts come last.
using Claims = std::span<const Claim>;

// Returns all claims by path, else in the order of the packages.
std::vector<Claim> SortedClaims(const std::vector<RpmPackageFiles>& packages) {
  std::vector<Claim> claims;
  for (const RpmPackageFiles& package : packages) {
    for (const RpmFileMetadata& file : package.files) {
      claims.push_back({&package, &file});
    }
  }
  std::ranges::stable_sort(claims, [](const Claim& left, const Claim& right) {
    const int order = left.file->path.compare(right.file->path);
    return order != 0 ? order < 0 : left.ghost() < right.ghost();
  });
  return claims;
}

std::vector<Claims> GroupByPath(const std::vector<Claim>& claims) {
  std::vector<Claims> groups;
  for (auto begin = claims.begin(); begin != claims.end();) {
    const auto end = std::find_if(begin, claims.end(), [&](const Claim& claim) {
      return claim.file->path != begin->file->path;
    });
    groups.emplace_back(begin, end);
    begin = end;
  }
  return groups;
}

std::vector<HashAlgorithm> AlgorithmsOf(const std::set<Digest>& digests) {
  std::set<HashAlgorithm> algorithms;
  for (const Digest& digest : digests) algorithms.insert(digest.algorithm());
  return {algorithms.begin(), algorithms.end()};
}

std::unique_ptr<Finding> MakeFinding(Finding::Kind kind, const Claim& claim) {
  auto finding = std::make_unique<Finding>();
  finding->kind = kind;
  finding->path = claim.file->path;
  finding->attribute = AttributeLetter(claim.file->flags);
  finding->package = claim.package->package;
  return finding;
}

// Returns nothing if the file may be missing.
std::unique_ptr<Finding> MissingFile(Claims claims, const Error& error) {
  constexpr std::uint32_t kMayBeMissing = kRpmMissingOk | kRpmGhost;
  const bool may_be = std::ranges::any_of(claims, [](const Claim& claim) {
    return (claim.file->flags & kMayBeMissing) != 0;
  });
  if (may_be) return nullptr;
  auto finding = MakeFinding(Finding::Kind::kMissing, claims.front());
  if (error.code() != ENOENT) {
    finding->why = std::generic_category().message(error.code());
  }
  return finding;
}

// Returns nothing if one of the claims is good.
std::unique_ptr<Finding> CompareFile(Claims claims, bool shared,
                                     const FoundFile& found,
                                     const Owners& owners) {
  const Claim* nearest = nullptr;
  std::string nearest_marks;
  for (const Claim& claim : claims) {
    std::string marks = MarksOf(*claim.file, found, owners);
    if (shared) marks[kMtimeMark] = '.';
    if (marks == kNoMarks) return nullptr;
    if (nearest != nullptr && std::ranges::count(marks, '.') <=
                                  std::ranges::count(nearest_marks, '.')) {
      continue;
    }
    nearest = &claim;
    nearest_marks = std::move(marks);
  }
  auto finding = MakeFinding(Finding::Kind::kDiffers, *nearest);
  finding->marks = std::move(nearest_marks);
  return finding;
}

std::unique_ptr<Finding> CheckPath(FileFinder& finder, Claims claims,
                                   const Owners& owners,
                                   const std::set<Digest>& revoked) {
  const bool shared = std::ranges::any_of(claims, [&](const Claim& claim) {
    return claim.package->package != claims.front().package->package;
  });
  const auto first_ghost =
      std::ranges::find_if(claims, [](const Claim& c) { return c.ghost(); });
  if (first_ghost != claims.begin()) {
    claims = Claims(claims.begin(), first_ghost);
  }
  std::vector<const RpmFileMetadata*> expectations;
  for (const Claim& claim : claims) expectations.push_back(claim.file);
  const auto found = finder.Find(claims.front().file->path, expectations);
  if (!found) return MissingFile(claims, found.error());
  const bool is_revoked = std::ranges::any_of(
      found->digests,
      [&](const Digest& digest) { return revoked.contains(digest); });
  if (is_revoked) return MakeFinding(Finding::Kind::kRevoked, claims.front());
  return CompareFile(claims, shared, *found, owners);
}

}  // namespace

VerifiedFiles VerifyFiles(int root_fd,
                          const std::vector<RpmPackageFiles>& packages,
                          const Owners& owners, const std::set<Digest>& revoked,
                          const std::function<void(std::size_t)>& progress) {
  const auto claims = SortedClaims(packages);
  const auto paths = GroupByPath(claims);
  const auto also = AlgorithmsOf(revoked);
  std::vector<std::unique_ptr<Finding>> found(paths.size());
  std::atomic<std::size_t> done = 0;
  // Neighbours are mostly in one folder. Few enough that the last ones do not
  // keep one processor busy alone.
  constexpr std::size_t kTogether = 16;
  const std::size_t parts = (paths.size() + kTogether - 1) / kTogether;
  ForAllInParallel(parts, [&](std::size_t part) {
    FileFinder finder(root_fd, also);
    const std::size_t first = part * kTogether;
    const std::size_t end = std::min(first + kTogether, paths.size());
    for (std::size_t number = first; number < end; ++number) {
      found[number] = CheckPath(finder, paths[number], owners, revoked);
      const std::size_t count = done.fetch_add(1) + 1;
      if (progress) progress(count);
    }
  });
  VerifiedFiles all;
  all.checked = paths.size();
  for (const auto& finding : found) {
    if (finding) all.findings.push_back(std::move(*finding));
  }
  return all;
}

}  // namespace assayfs
