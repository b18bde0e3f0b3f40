// SPDX-License-Identifier: Apache-2.0
// RPM headers as digest lists: from tags to files.
#include "lists/rpm_header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "lists/rpm_tags.h"

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

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(EBADMSG, "RPM header: " + std::string(what));
}

tl::unexpected<Error> Malformed(RpmTag tag, std::string_view what) {
  return Malformed("tag " + std::to_string(static_cast<std::uint32_t>(tag)) +
                   ": " + std::string(what));
}

// Headers from before other algorithms existed do not name one: MD5.
Result<HashAlgorithm> FileAlgorithm(const RpmTags& tags) {
  if (!tags.Has(RpmTag::kFileDigestAlgo)) return HashAlgorithm::kMd5;
  const auto number = tags.Number32(RpmTag::kFileDigestAlgo);
  if (!number) return Fail(number.error());
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == *number) return algorithm;
  }
  return Fail(EOPNOTSUPP, "RPM header: tag 5011: digest algorithm " +
                              std::to_string(*number) + " is not known");
}

// Fills in what list says of its package.
Result<void> ReadPackage(const RpmTags& tags, DigestList& list) {
  const auto name = tags.String(RpmTag::kName);
  if (!name) return Fail(name.error());
  const auto version = tags.String(RpmTag::kVersion);
  if (!version) return Fail(version.error());
  const auto release = tags.String(RpmTag::kRelease);
  if (!release) return Fail(release.error());
  const auto arch = tags.String(RpmTag::kArch);
  if (!arch) return Fail(arch.error());
  for (const auto part : {*name, *version, *release, *arch}) {
    if (part.empty()) return Malformed("empty part of the package name");
    if (part.size() > kMaxPackageBytes) return Malformed("name too long");
  }
  list.package_name = *name;
  if (tags.Has(RpmTag::kEpoch)) {
    const auto epoch = tags.Number32(RpmTag::kEpoch);
    if (!epoch) return Fail(epoch.error());
    list.package_version = std::to_string(*epoch) + ":";
  }
  list.package_version.append(*version).append("-").append(*release);
  list.package = list.package_name + "-" + list.package_version;
  list.package.append(".").append(*arch);
  return {};
}

// The path of each file, put together on demand: a folder and a name, or, in
// headers of the old kind, one string.
struct Paths {
  std::vector<std::string_view> folders;
  std::vector<std::uint32_t> folder_indexes;  // one for each name, or empty
  std::vector<std::string_view> names;

  std::string_view Folder(std::size_t file) const {
    return folder_indexes.empty() ? "" : folders[folder_indexes[file]];
  }
};

Result<Paths> ReadPaths(const RpmTags& tags) {
  Paths paths;
  const bool old =
      !tags.Has(RpmTag::kBaseNames) && tags.Has(RpmTag::kOldFileNames);
  auto names = tags.Strings(old ? RpmTag::kOldFileNames : RpmTag::kBaseNames);
  if (!names) return Fail(names.error());
  paths.names = std::move(*names);
  if (old) return paths;
  auto folders = tags.Strings(RpmTag::kDirNames);
  if (!folders) return Fail(folders.error());
  paths.folders = std::move(*folders);
  auto indexes = tags.Numbers32(RpmTag::kDirIndexes);
  if (!indexes) return Fail(indexes.error());
  paths.folder_indexes = std::move(*indexes);
  if (paths.folder_indexes.size() != paths.names.size()) {
    return Malformed(RpmTag::kDirIndexes, "not one folder for each file");
  }
  const bool in_range = std::ranges::all_of(
      paths.folder_indexes,
      [&paths](std::uint32_t index) { return index < paths.folders.size(); });
  if (!in_range) {
    return Malformed(RpmTag::kDirIndexes, "folder index out of range");
  }
  return paths;
}

// Nothing if the header has no modes.
Result<std::optional<std::vector<std::uint16_t>>> ReadModes(
    const RpmTags& tags, std::size_t file_count) {
  if (!tags.Has(RpmTag::kFileModes)) return std::nullopt;
  auto modes = tags.Numbers16(RpmTag::kFileModes);
  if (!modes) return Fail(modes.error());
  if (modes->size() != file_count) {
    return Malformed(RpmTag::kFileModes, "not one mode for each file");
  }
  return std::move(*modes);
}

// All zeros is what librpm gives for a file without a digest, and tools may
// have written down. No content hashes to it, so nothing is lost.
bool IsNoDigest(std::string_view hex, HashAlgorithm algorithm) {
  if (hex.empty()) return true;
  return hex.size() == 2 * DigestBytes(algorithm) &&
         hex.find_first_not_of('0') == std::string_view::npos;
}

Result<std::vector<ListedFile>> ReadFiles(const RpmTags& tags) {
  const auto algorithm = FileAlgorithm(tags);
  if (!algorithm) return Fail(algorithm.error());
  const auto digests = tags.Strings(RpmTag::kFileDigests);
  if (!digests) return Fail(digests.error());
  const auto paths = ReadPaths(tags);
  if (!paths) return Fail(paths.error());
  if (paths->names.size() != digests->size()) {
    return Malformed(RpmTag::kFileDigests, "not one digest for each file");
  }
  const auto modes = ReadModes(tags, digests->size());
  if (!modes) return Fail(modes.error());

  std::vector<ListedFile> files;
  // Many files may share one long folder name: the sum is limited as well.
  std::size_t path_bytes = 0;
  for (std::size_t i = 0; i < digests->size(); ++i) {
    const auto hex = (*digests)[i];
    if (IsNoDigest(hex, *algorithm)) continue;
    auto digest = Digest::FromHex(*algorithm, hex);
    if (!digest) {
      return Malformed(
          RpmTag::kFileDigests,
          "file " + std::to_string(i) + ": " + digest.error().message());
    }
    std::string path(paths->Folder(i));
    if (path.size() + paths->names[i].size() > kMaxPathBytes) {
      return Malformed("file " + std::to_string(i) + ": path too long");
    }
    // Kept as it is, "..", too: paths are only ever compared as text.
    path += paths->names[i];
    path_bytes += path.size();
    if (path_bytes > kMaxListBytes) return Malformed("paths too long");
    std::optional<std::uint32_t> mode;
    if (*modes) mode = (**modes)[i];
    files.push_back({std::move(*digest), std::move(path), mode});
  }
  return files;
}

}  // namespace

Result<DigestList> ParseRpmHeader(Bytes bytes) {
  if (bytes.size() > kMaxListBytes) return Malformed("too large");
  ByteReader in(bytes);
  const auto tags = RpmTags::Take(in, RpmTags::Region::kRequired);
  if (!tags) return Fail(tags.error());
  if (!in.empty()) return Malformed("bytes after the end");
  DigestList list;
  list.format = ListFormat::kRpm;
  if (auto read = ReadPackage(*tags, list); !read) return Fail(read.error());
  // A package may hold no file at all.
  if (!tags->Has(RpmTag::kFileDigests)) return list;
  auto files = ReadFiles(*tags);
  if (!files) return Fail(files.error());
  list.files = std::move(*files);
  return list;
}

}  // namespace assayfs
