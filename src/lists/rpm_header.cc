// SPDX-License-Identifier: Apache-2.0
// RPM headers as digest lists: from tags to files.
#include "lists/rpm_header.h"

#include <optional>
#include <string>
#include <utility>

#include "lists/rpm_file_tags.h"
#include "lists/rpm_tags.h"

namespace assayfs {
namespace {

// Nothing if the header has no modes.
Result<std::optional<std::vector<std::uint16_t>>> ReadModes(
    const RpmTags& tags, std::size_t file_count) {
  if (!tags.Has(RpmTag::kFileModes)) return std::nullopt;
  auto modes = tags.Numbers16(RpmTag::kFileModes);
  if (!modes) return Fail(modes.error());
  if (modes->size() != file_count) {
    return MalformedRpmHeader(RpmTag::kFileModes, "not one mode for each file");
  }
  return std::move(*modes);
}

Result<std::vector<ListedFile>> ReadFiles(const RpmTags& tags) {
  const auto algorithm = RpmFileAlgorithm(tags);
  if (!algorithm) return Fail(algorithm.error());
  const auto digests = tags.Strings(RpmTag::kFileDigests);
  if (!digests) return Fail(digests.error());
  auto paths = RpmFilePaths::Read(tags);
  if (!paths) return Fail(paths.error());
  if (paths->size() != digests->size()) {
    return MalformedRpmHeader(RpmTag::kFileDigests,
                              "not one digest for each file");
  }
  const auto modes = ReadModes(tags, digests->size());
  if (!modes) return Fail(modes.error());

  std::vector<ListedFile> files;
  for (std::size_t i = 0; i < digests->size(); ++i) {
    auto digest = ParseRpmFileDigest(*algorithm, i, (*digests)[i]);
    if (!digest) return Fail(digest.error());
    if (!*digest) continue;
    auto path = paths->Take(i);
    if (!path) return Fail(path.error());
    std::optional<std::uint32_t> mode;
    if (*modes) mode = (**modes)[i];
    files.push_back({std::move(**digest), std::move(*path), mode});
  }
  return files;
}

}  // namespace

Result<DigestList> ParseRpmHeader(Bytes bytes) {
  const auto tags = RpmTags::Parse(bytes);
  if (!tags) return Fail(tags.error());
  DigestList list;
  list.format = ListFormat::kRpm;
  auto package = ReadRpmPackageName(*tags);
  if (!package) return Fail(package.error());
  list.package = std::move(package->text);
  list.package_name = std::move(package->name);
  list.package_version = std::move(package->version);
  // A package may hold no file at all.
  if (!tags->Has(RpmTag::kFileDigests)) return list;
  auto files = ReadFiles(*tags);
  if (!files) return Fail(files.error());
  list.files = std::move(*files);
  return list;
}

}  // namespace assayfs
