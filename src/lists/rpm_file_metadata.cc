// SPDX-License-Identifier: Apache-2.0
// RpmFileMetadata: from the columns of a header to its files.
#include "lists/rpm_file_metadata.h"

#include <string_view>
#include <utility>

#include "lists/rpm_file_tags.h"
#include "lists/rpm_tags.h"

namespace assayfs {
namespace {

// Each tag as it is in the header: one value for each file.
struct Columns {
  std::vector<std::string_view> digests;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint16_t> modes;
  std::vector<std::uint16_t> rdevs;
  std::vector<std::uint32_t> mtimes;
  std::vector<std::uint32_t> flags;
  std::vector<std::uint32_t> verify_flags;
  std::vector<std::string_view> link_targets;
  std::vector<std::string_view> users;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> capabilities;
};

// Headers have sizes of 64 bits if one of the files needs them.
Result<std::vector<std::uint64_t>> ReadSizes(const RpmTags& tags) {
  if (tags.Has(RpmTag::kLongFileSizes)) {
    return tags.Numbers64(RpmTag::kLongFileSizes);
  }
  const auto sizes = tags.Numbers32(RpmTag::kFileSizes);
  if (!sizes) return Fail(sizes.error());
  return std::vector<std::uint64_t>(sizes->begin(), sizes->end());
}

// Headers name capabilities if one of the files has any.
Result<std::vector<std::string_view>> ReadCapabilities(const RpmTags& tags,
                                                       std::size_t files) {
  if (tags.Has(RpmTag::kFileCaps)) return tags.Strings(RpmTag::kFileCaps);
  return std::vector<std::string_view>(files);
}

// Takes columns until one of them is not sound.
class ColumnTaker {
 public:
  explicit ColumnTaker(std::size_t files) : files_(files) {}

  // what: names one value, for the error.
  template <typename T>
  void Take(Result<std::vector<T>> values, std::string_view what,
            std::vector<T>& column) {
    if (!outcome_) return;
    if (!values) {
      outcome_ = Fail(std::move(values).error());
    } else if (values->size() != files_) {
      outcome_ =
          MalformedRpmHeader("not one " + std::string(what) + " for each file");
    } else {
      column = std::move(*values);
    }
  }

  const Result<void>& outcome() const { return outcome_; }

 private:
  std::size_t files_;
  Result<void> outcome_;
};

Result<Columns> ReadColumns(const RpmTags& tags, std::size_t files) {
  Columns all;
  ColumnTaker taker(files);
  taker.Take(tags.Strings(RpmTag::kFileDigests), "digest", all.digests);
  taker.Take(ReadSizes(tags), "size", all.sizes);
  taker.Take(tags.Numbers16(RpmTag::kFileModes), "mode", all.modes);
  taker.Take(tags.Numbers16(RpmTag::kFileRdevs), "device", all.rdevs);
  taker.Take(tags.Numbers32(RpmTag::kFileMtimes), "time", all.mtimes);
  taker.Take(tags.Numbers32(RpmTag::kFileFlags), "flag", all.flags);
  taker.Take(tags.Numbers32(RpmTag::kFileVerifyFlags), "verify flag",
             all.verify_flags);
  taker.Take(tags.Strings(RpmTag::kFileLinkTos), "link target",
             all.link_targets);
  taker.Take(tags.Strings(RpmTag::kFileUserName), "user", all.users);
  taker.Take(tags.Strings(RpmTag::kFileGroupName), "group", all.groups);
  taker.Take(ReadCapabilities(tags, files), "capability", all.capabilities);
  if (!taker.outcome()) return Fail(taker.outcome().error());
  return all;
}

Result<std::vector<RpmFileMetadata>> ReadFiles(const RpmTags& tags) {
  const auto algorithm = RpmFileAlgorithm(tags);
  if (!algorithm) return Fail(algorithm.error());
  auto paths = RpmFilePaths::Read(tags);
  if (!paths) return Fail(paths.error());
  const auto columns = ReadColumns(tags, paths->size());
  if (!columns) return Fail(columns.error());

  std::vector<RpmFileMetadata> files(paths->size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    RpmFileMetadata& file = files[i];
    auto path = paths->Take(i);
    if (!path) return Fail(path.error());
    auto digest = ParseRpmFileDigest(*algorithm, i, columns->digests[i]);
    if (!digest) return Fail(digest.error());
    file.path = std::move(*path);
    file.digest = std::move(*digest);
    file.size_bytes = columns->sizes[i];
    file.mode = columns->modes[i];
    file.rdev = columns->rdevs[i];
    file.mtime_s = columns->mtimes[i];
    file.flags = columns->flags[i];
    file.verify_flags = columns->verify_flags[i];
    file.link_target = columns->link_targets[i];
    file.user = columns->users[i];
    file.group = columns->groups[i];
    file.capabilities = columns->capabilities[i];
  }
  return files;
}

}  // namespace

Result<RpmPackageFiles> ParseRpmFileMetadata(Bytes bytes) {
  const auto tags = RpmTags::Parse(bytes);
  if (!tags) return Fail(tags.error());
  auto package = ReadRpmPackageName(*tags);
  if (!package) return Fail(package.error());
  RpmPackageFiles all{.package = std::move(package->text),
                      .files = {},
                      .name = std::move(package->name),
                      .version = std::move(package->version)};
  // A package may hold no file at all.
  if (!tags->Has(RpmTag::kBaseNames) && !tags->Has(RpmTag::kOldFileNames) &&
      !tags->Has(RpmTag::kFileDigests)) {
    return all;
  }
  auto files = ReadFiles(*tags);
  if (!files) return Fail(files.error());
  all.files = std::move(*files);
  return all;
}

}  // namespace assayfs
