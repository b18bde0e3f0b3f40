// SPDX-License-Identifier: Apache-2.0
// What RPM headers say of files beside their digests.
#include "lists/rpm_file_metadata.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "lists/appended_signature.h"
#include "lists/digest_list.h"
#include "lists/rpm_header.h"
#include "support/header_builder.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;
using testing::RealData;
using testing::TagNumbers16;
using testing::TagNumbers32;
using testing::TagNumbers64;
using testing::TagString;
using testing::TagStrings;

// `printf abcd | sha256sum`
const std::string kAbcdSha256 =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

HeaderBuilder OneFile() {
  return HeaderBuilder().File("/usr/bin/true", kAbcdSha256, 0104755).Metadata();
}

RpmFileMetadata Only(const HeaderBuilder& builder) {
  return Must(ParseRpmFileMetadata(builder.Build())).files.at(0);
}

TEST(RpmFileMetadataTest, ReadsEveryTag) {
  const auto all = Must(ParseRpmFileMetadata(
      HeaderBuilder()
          .Package("a", "1", "2", "noarch")
          .File("/usr/bin/ping", kAbcdSha256, 0100755)
          .File("/dev/null", "", 0020666)
          .File("/bin", "", 0120777)
          .Metadata()
          .Set(TagNumbers32(1028, {4, 0, 7}))
          .Set(TagNumbers16(1033, {0, 0x103, 0}))
          .Set(TagNumbers32(1034, {1, 0xffffffff, 3}))
          .Set(TagStrings(1036, {"", "", "usr/bin"}))
          .Set(TagNumbers32(1037, {kRpmConfig | kRpmNoReplace, kRpmGhost, 0}))
          .Set(TagStrings(1039, {"root", "tty", "daemon"}))
          .Set(TagStrings(1040, {"wheel", "tty", "bin"}))
          .Set(TagNumbers32(1045, {0x1ff, 0, kRpmVerifyMode}))
          .Set(TagStrings(5010, {"cap_net_raw=ep", "", ""}))
          .Build()));
  EXPECT_EQ(all.package, "a-1-2.noarch");
  ASSERT_EQ(all.files.size(), 3u);
  const RpmFileMetadata& ping = all.files[0];
  EXPECT_EQ(ping.path, "/usr/bin/ping");
  EXPECT_EQ(ping.digest->Hex(), kAbcdSha256);
  EXPECT_EQ(ping.size_bytes, 4u);
  EXPECT_EQ(ping.mode, 0100755);
  EXPECT_EQ(ping.mtime_s, 1u);
  EXPECT_EQ(ping.flags, kRpmConfig | kRpmNoReplace);
  EXPECT_EQ(ping.verify_flags, 0x1ffu);
  EXPECT_EQ(ping.user, "root");
  EXPECT_EQ(ping.group, "wheel");
  EXPECT_EQ(ping.capabilities, "cap_net_raw=ep");
  EXPECT_EQ(all.files[1].digest, std::nullopt);
  EXPECT_EQ(all.files[1].rdev, 0x103);
  EXPECT_EQ(all.files[1].mtime_s, 0xffffffff);
  EXPECT_EQ(all.files[1].verify_flags, 0u);
  EXPECT_EQ(all.files[2].link_target, "usr/bin");
  EXPECT_EQ(all.files[2].user, "daemon");
}

TEST(RpmFileMetadataTest, TakesAPackageWithoutFiles) {
  const auto all = Must(ParseRpmFileMetadata(HeaderBuilder().Build()));
  EXPECT_EQ(all.package, "test-1.0-1.noarch");
  EXPECT_TRUE(all.files.empty());
}

TEST(RpmFileMetadataTest, TakesLongSizesBeforeShortOnes) {
  EXPECT_EQ(Only(OneFile()).size_bytes, 4u);
  const std::uint64_t large = (std::uint64_t{5} << 32) + 6;
  EXPECT_EQ(Only(OneFile().Set(TagNumbers64(5008, {large}))).size_bytes, large);
  EXPECT_EQ(
      Only(OneFile().Drop(1028).Set(TagNumbers64(5008, {large}))).size_bytes,
      large);
}

TEST(RpmFileMetadataTest, NoCapabilitiesWhereTheHeaderNamesNone) {
  EXPECT_EQ(Only(OneFile()).capabilities, "");
}

TEST(RpmFileMetadataTest, RefusesMissingTags) {
  for (const std::uint32_t tag :
       {1028u, 1030u, 1033u, 1034u, 1035u, 1036u, 1037u, 1039u, 1040u, 1045u}) {
    EXPECT_THAT(
        ParseRpmFileMetadata(OneFile().Drop(tag).Build()),
        FailsSaying(EBADMSG, "tag " + std::to_string(tag) + " is missing"));
  }
}

TEST(RpmFileMetadataTest, RefusesOtherCounts) {
  const std::vector<std::uint32_t> numbers = {1, 2};
  const std::vector<std::string> texts = {"a", "b"};
  for (const auto& [tag, what] :
       {std::pair(1028u, "size"), std::pair(1034u, "time"),
        std::pair(1037u, "flag"), std::pair(1045u, "verify flag")}) {
    EXPECT_THAT(
        ParseRpmFileMetadata(OneFile().Set(TagNumbers32(tag, numbers)).Build()),
        FailsSaying(EBADMSG,
                    std::string("not one ") + what + " for each file"));
  }
  for (const std::uint32_t tag : {1030u, 1033u}) {
    EXPECT_THAT(
        ParseRpmFileMetadata(OneFile().Set(TagNumbers16(tag, {1, 2})).Build()),
        FailsSaying(EBADMSG, "for each file"));
  }
  for (const std::uint32_t tag : {1035u, 1036u, 1039u, 1040u, 5010u}) {
    EXPECT_THAT(
        ParseRpmFileMetadata(OneFile().Set(TagStrings(tag, texts)).Build()),
        FailsSaying(EBADMSG, "for each file"));
  }
  EXPECT_THAT(
      ParseRpmFileMetadata(OneFile().Set(TagNumbers64(5008, {1, 2})).Build()),
      FailsSaying(EBADMSG, "not one size for each file"));
}

TEST(RpmFileMetadataTest, RefusesOtherTypes) {
  for (const std::uint32_t tag : {1028u, 1030u, 1033u, 1034u, 1036u, 1037u,
                                  1039u, 1040u, 1045u, 5008u, 5010u}) {
    EXPECT_THAT(ParseRpmFileMetadata(OneFile().Set({tag, 7, 0, {}}).Build()),
                FailsSaying(EBADMSG, std::to_string(tag) + " has type 7"));
  }
}

TEST(RpmFileMetadataTest, FailsAsTheDigestParserDoes) {
  EXPECT_THAT(ParseRpmFileMetadata(OneFile().Algorithm(3).Build()),
              FailsWith(EOPNOTSUPP));
  EXPECT_THAT(
      ParseRpmFileMetadata(OneFile().Set(TagStrings(1035, {"xy"})).Build()),
      FailsSaying(EBADMSG, "tag 1035: file 0: digest is not hexadecimal"));
  EXPECT_THAT(
      ParseRpmFileMetadata(OneFile().Set(TagNumbers32(1116, {1})).Build()),
      FailsSaying(EBADMSG, "folder index out of range"));
  EXPECT_THAT(
      ParseRpmFileMetadata(HeaderBuilder()
                               .File("/" + std::string(4096, 'a'), kAbcdSha256)
                               .Metadata()
                               .Build()),
      FailsSaying(EBADMSG, "path too long"));
  EXPECT_THAT(ParseRpmFileMetadata(OneFile().WithoutRegion().Build()),
              FailsSaying(EBADMSG, "no immutable region"));
  EXPECT_THAT(ParseRpmFileMetadata(OneFile().Drop(1000).Build()),
              FailsSaying(EBADMSG, "tag 1000 is missing"));
  EXPECT_THAT(ParseRpmFileMetadata(OneFile().Drop(1117).Build()),
              FailsSaying(EBADMSG, "tag 1117 is missing"));
}

TEST(RpmFileMetadataTest, RefusesTruncationAtEveryByte) {
  const auto bytes = OneFile().Build();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseRpmFileMetadata(Bytes(bytes).first(size)),
                FailsWith(EBADMSG));
  }
}

// The digests that both parsers read from one header must be the same.
void ExpectSameDigests(Bytes header, const std::string& name) {
  const auto metadata = ParseRpmFileMetadata(header);
  ASSERT_TRUE(metadata) << name << ": " << metadata.error().message();
  std::vector<std::string> rows;
  for (const RpmFileMetadata& file : metadata->files) {
    EXPECT_FALSE(file.user.empty()) << name << ' ' << file.path;
    EXPECT_EQ(file.link_target.empty(), (file.mode & 0170000) != 0120000)
        << name << ' ' << file.path;
    if (file.digest) rows.push_back(file.digest->Hex() + ' ' + file.path);
  }
  std::vector<std::string> expected;
  for (const ListedFile& file : Must(ParseRpmHeader(header)).files) {
    expected.push_back(file.digest.Hex() + ' ' + file.path);
  }
  EXPECT_EQ(rows, expected) << name;
}

TEST(RealMetadataTest, EveryRealHeaderSaysAllOfItsFiles) {
  if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  for (const auto& entry :
       std::filesystem::directory_iterator(RealData() / "lists/mariner")) {
    const auto bytes = Must(ReadFileAt(AT_FDCWD, entry.path(), kMaxListBytes));
    ExpectSameDigests(Must(SplitSignature(bytes)).payload, entry.path());
  }
  for (const auto& entry :
       std::filesystem::directory_iterator(RealData() / "rpms/good")) {
    const auto bytes = Must(ReadFileAt(AT_FDCWD, entry.path(), kMaxListBytes));
    ExpectSameDigests(Must(ParseRpmPackage(bytes)).header, entry.path());
  }
}

TEST(RealMetadataTest, ReadsRealCapabilities) {
  if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  std::vector<std::string> capabilities;
  for (const auto& entry :
       std::filesystem::directory_iterator(RealData() / "rpms/odd")) {
    if (entry.path().string().find("capstest") == std::string::npos) continue;
    const auto bytes = Must(ReadFileAt(AT_FDCWD, entry.path(), kMaxListBytes));
    const auto header = Must(ParseRpmPackage(bytes)).header;
    for (const auto& file : Must(ParseRpmFileMetadata(header)).files) {
      if (!file.capabilities.empty()) capabilities.push_back(file.capabilities);
    }
  }
  EXPECT_FALSE(capabilities.empty());
}

}  // namespace
}  // namespace assayfs
