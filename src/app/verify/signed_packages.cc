// SPDX-License-Identifier: Apache-2.0
// The packages that a tree is verified by.
#include "app/verify/signed_packages.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "app/default_paths.h"
#include "app/lists/lists_input.h"
#include "appraise/check_list.h"
#include "appraise/withdrawals.h"
#include "base/parallel.h"
#include "trust/rpm_database.h"

namespace assayfs {
namespace {

// Returns nothing for a good list that is no RPM header.
Result<std::optional<RpmPackageFiles>> CheckPackage(
    const RawList& raw, const SignatureVerifier& verifier,
    const Revocations& revocations) {
  const auto payload = CheckListSignature(raw, verifier);
  if (!payload) return Fail(payload.error());
  if (payload->format != ListFormat::kRpm) return std::nullopt;
  auto package = ParseRpmFileMetadata(payload->bytes);
  if (!package) return Fail(package.error());
  auto counts = RefuseRevoked(payload->signer, package->name, package->version,
                              revocations);
  if (!counts) return Fail(counts.error());
  for (const RpmFileMetadata& file : package->files) {
    if (!file.digest || IsStrong(file.digest->algorithm())) continue;
    return Fail(EOPNOTSUPP, "weak digests: " + std::string(AlgorithmName(
                                                   file.digest->algorithm())));
  }
  return std::move(*package);
}

Result<void> CheckStaysInside(const std::string& tree,
                              const std::string& folder) {
  namespace fs = std::filesystem;
  const auto leaves = [](const std::string& path) {
    return Fail(EXDEV, path +
                           ": a link may lead out of the tree; name lists with "
                           "--lists");
  };
  std::error_code error;
  const std::string inside = fs::canonical(tree, error) / "";
  std::string real;
  if (!error) real = fs::canonical(folder, error);
  if (!error && !real.starts_with(inside)) return leaves(folder);
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_symlink(error)) return leaves(it->path());
  }
  if (error) return Fail(error.value(), folder + ": " + error.message());
  return {};
}

}  // namespace

SignedPackages CheckPackages(const std::vector<RawList>& lists,
                             const SignatureVerifier& verifier,
                             const Revocations& revocations) {
  std::vector<Result<std::optional<RpmPackageFiles>>> checked(lists.size());
  ForAllInParallel(lists.size(), [&](std::size_t number) {
    checked[number] = CheckPackage(lists[number], verifier, revocations);
  });
  SignedPackages all;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const RawList& raw = lists[i];
    if (!checked[i]) {
      all.refused.push_back(
          {raw.name, raw.origin, checked[i].error().message()});
      if (WasUnreadable(raw)) all.unreadable = true;
    } else if (!*checked[i]) {
      all.left_out.push_back(raw.origin);
    } else {
      all.packages.push_back(std::move(**checked[i]));
    }
  }
  return all;
}

Result<std::string> DefaultListsOf(const std::string& tree) {
  const auto folder = RpmDatabaseFolder(tree);
  if (!folder && folder.error().code() == ENOENT) return kDefaultLists;
  if (!folder) return Fail(folder.error());
  const auto stays = CheckStaysInside(tree, *folder);
  if (!stays) return Fail(stays.error());
  return "rpmdb:" + tree;
}

}  // namespace assayfs
