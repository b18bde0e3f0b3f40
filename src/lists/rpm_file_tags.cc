// SPDX-License-Identifier: Apache-2.0
// What RPM headers say of a package and of the names of its files.
#include "lists/rpm_file_tags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lists/digest_list.h"

namespace assayfs {
namespace {

// PATH_MAX of Linux; a package with a longer path could not be installed.
constexpr std::size_t kMaxPathBytes = 4096;
// Far above any real name; file names end at 255 bytes.
constexpr std::size_t kMaxPackageBytes = 1024;

// Hash algorithm numbers of OpenPGP (RFC 9580, section 9.5), which RPM uses.
constexpr std::array<std::pair<std::uint32_t, HashAlgorithm>, 8> kAlgorithms = {
    {{1, HashAlgorithm::kMd5},
     {2, HashAlgorithm::kSha1},
     {8, HashAlgorithm::kSha256},
     {9, HashAlgorithm::kSha384},
     {10, HashAlgorithm::kSha512},
     {11, HashAlgorithm::kSha224},
     {12, HashAlgorithm::kSha3_256},
     {14, HashAlgorithm::kSha3_512}}};

}  // namespace

Result<RpmPackageName> ReadRpmPackageName(const RpmTags& tags) {
  const auto name = tags.String(RpmTag::kName);
  if (!name) return Fail(name.error());
  const auto version = tags.String(RpmTag::kVersion);
  if (!version) return Fail(version.error());
  const auto release = tags.String(RpmTag::kRelease);
  if (!release) return Fail(release.error());
  const auto arch = tags.String(RpmTag::kArch);
  if (!arch) return Fail(arch.error());
  for (const auto part : {*name, *version, *release, *arch}) {
    if (part.empty()) {
      return MalformedRpmHeader("empty part of the package name");
    }
    if (part.size() > kMaxPackageBytes) {
      return MalformedRpmHeader("name too long");
    }
  }
  RpmPackageName package;
  package.name = *name;
  if (tags.Has(RpmTag::kEpoch)) {
    const auto epoch = tags.Number32(RpmTag::kEpoch);
    if (!epoch) return Fail(epoch.error());
    package.version = std::to_string(*epoch) + ":";
  }
  package.version.append(*version).append("-").append(*release);
  package.text = package.name + "-" + package.version;
  package.text.append(".").append(*arch);
  return package;
}

Result<HashAlgorithm> RpmFileAlgorithm(const RpmTags& tags) {
  if (!tags.Has(RpmTag::kFileDigestAlgo)) return HashAlgorithm::kMd5;
  const auto number = tags.Number32(RpmTag::kFileDigestAlgo);
  if (!number) return Fail(number.error());
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == *number) return algorithm;
  }
  return Fail(EOPNOTSUPP, "RPM header: tag 5011: digest algorithm " +
                              std::to_string(*number) + " is not known");
}

Result<std::optional<Digest>> ParseRpmFileDigest(HashAlgorithm algorithm,
                                                 std::size_t file,
                                                 std::string_view hex) {
  if (hex.empty()) return std::nullopt;
  const bool zeros = hex.find_first_not_of('0') == std::string_view::npos;
  if (zeros && hex.size() == 2 * DigestBytes(algorithm)) return std::nullopt;
  auto digest = Digest::FromHex(algorithm, hex);
  if (!digest) {
    return MalformedRpmHeader(
        RpmTag::kFileDigests,
        "file " + std::to_string(file) + ": " + digest.error().message());
  }
  return *digest;
}

Result<RpmFilePaths> RpmFilePaths::Read(const RpmTags& tags) {
  RpmFilePaths paths;
  const bool old =
      !tags.Has(RpmTag::kBaseNames) && tags.Has(RpmTag::kOldFileNames);
  auto names = tags.Strings(old ? RpmTag::kOldFileNames : RpmTag::kBaseNames);
  if (!names) return Fail(names.error());
  paths.names_ = std::move(*names);
  if (old) return paths;
  auto folders = tags.Strings(RpmTag::kDirNames);
  if (!folders) return Fail(folders.error());
  paths.folders_ = std::move(*folders);
  auto indexes = tags.Numbers32(RpmTag::kDirIndexes);
  if (!indexes) return Fail(indexes.error());
  paths.folder_indexes_ = std::move(*indexes);
  if (paths.folder_indexes_.size() != paths.names_.size()) {
    return MalformedRpmHeader(RpmTag::kDirIndexes,
                              "not one folder for each file");
  }
  const bool in_range = std::ranges::all_of(
      paths.folder_indexes_,
      [&paths](std::uint32_t index) { return index < paths.folders_.size(); });
  if (!in_range) {
    return MalformedRpmHeader(RpmTag::kDirIndexes, "folder index out of range");
  }
  return paths;
}

Result<std::string> RpmFilePaths::Take(std::size_t file) {
  const std::string_view folder =
      folder_indexes_.empty() ? "" : folders_[folder_indexes_[file]];
  const std::string_view name = names_[file];
  if (folder.size() + name.size() > kMaxPathBytes) {
    return MalformedRpmHeader("file " + std::to_string(file) +
                              ": path too long");
  }
  taken_bytes_ += folder.size() + name.size();
  if (taken_bytes_ > kMaxListBytes) return MalformedRpmHeader("paths too long");
  return std::string(folder).append(name);
}

}  // namespace assayfs
