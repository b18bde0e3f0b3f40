// SPDX-License-Identifier: Apache-2.0
// RPM headers as digest lists.
#include "lists/rpm_header.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "support/header_builder.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;
using testing::TagNumbers16;
using testing::TagNumbers32;
using testing::TagString;
using testing::TagStrings;

// `printf '' | sha256sum` and `printf abcd | sha256sum`
const std::string kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kAbcdSha256 =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

HeaderBuilder OneFile() {
  return HeaderBuilder().File("/usr/bin/true", kAbcdSha256, 0100755);
}

TEST(RpmHeaderTest, ReadsPackageAndFiles) {
  const auto list =
      Must(ParseRpmHeader(HeaderBuilder()
                              .Package("bash", "5.1.8", "1.cm2", "x86_64")
                              .File("/usr/bin/bash", kAbcdSha256, 0104755)
                              .File("/usr/bin/sh", "", 0120777)
                              .File("/etc/bashrc", kEmptySha256)
                              .Build()));
  EXPECT_EQ(list.format, ListFormat::kRpm);
  EXPECT_EQ(list.package, "bash-5.1.8-1.cm2.x86_64");
  ASSERT_EQ(list.files.size(), 2u);
  EXPECT_EQ(list.files[0].path, "/usr/bin/bash");
  EXPECT_EQ(list.files[0].mode, 0104755u);
  EXPECT_EQ(list.files[0].digest.ToString(), "sha256:" + kAbcdSha256);
  EXPECT_EQ(list.files[1].path, "/etc/bashrc");
  EXPECT_EQ(list.files[1].mode, 0100644u);
}

TEST(RpmHeaderTest, PutsTheEpochIntoThePackageName) {
  const auto bytes = HeaderBuilder().Epoch(1).Build();
  EXPECT_EQ(Must(ParseRpmHeader(bytes)).package, "test-1:1.0-1.noarch");
}

// Numbers of RFC 9580, section 9.5.
TEST(RpmHeaderTest, ParserOkForEveryAlgorithm) {
  const std::vector<std::pair<std::uint32_t, HashAlgorithm>> kNumbers = {
      {1, HashAlgorithm::kMd5},       {2, HashAlgorithm::kSha1},
      {8, HashAlgorithm::kSha256},    {9, HashAlgorithm::kSha384},
      {10, HashAlgorithm::kSha512},   {11, HashAlgorithm::kSha224},
      {12, HashAlgorithm::kSha3_256}, {14, HashAlgorithm::kSha3_512}};
  for (const auto& [number, algorithm] : kNumbers) {
    HeaderBuilder builder;
    builder.Algorithm(number);
    std::vector<std::string> digests;
    for (const char digit : {'1', '2', '3', '4', '5'}) {
      digests.emplace_back(2 * DigestBytes(algorithm), digit);
      builder.File(std::string("/file") + digit, digests.back());
    }
    const auto list = Must(ParseRpmHeader(builder.Build()));
    ASSERT_EQ(list.files.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(list.files[i].digest.algorithm(), algorithm);
      EXPECT_EQ(list.files[i].digest.Hex(), digests[i]);
    }
  }
}

TEST(RpmHeaderTest, TakesMd5WhereNoAlgorithmIsNamed) {
  const auto list = Must(ParseRpmHeader(
      HeaderBuilder().File("/a", std::string(32, 'b')).Drop(5011).Build()));
  ASSERT_EQ(list.files.size(), 1u);
  EXPECT_EQ(list.files[0].digest.algorithm(), HashAlgorithm::kMd5);
}

TEST(RpmHeaderTest, TakesDigestsInUpperCase) {
  const auto list = Must(
      ParseRpmHeader(HeaderBuilder().File("/a", std::string(64, 'B')).Build()));
  EXPECT_EQ(list.files.at(0).digest.Hex(), std::string(64, 'b'));
}

TEST(RpmHeaderTest, TakesAPackageWithoutFiles) {
  const auto list = Must(ParseRpmHeader(HeaderBuilder().Build()));
  EXPECT_EQ(list.package, "test-1.0-1.noarch");
  EXPECT_TRUE(list.files.empty());
}

TEST(RpmHeaderTest, TakesFilesWithoutModes) {
  const auto list = Must(ParseRpmHeader(OneFile().Drop(1030).Build()));
  EXPECT_EQ(list.files.at(0).mode, std::nullopt);
}

TEST(RpmHeaderTest, TakesOldFileNames) {
  const auto bytes = OneFile()
                         .Drop(1116)
                         .Drop(1117)
                         .Drop(1118)
                         .Set(TagStrings(1027, {"/usr/bin/true"}))
                         .Build();
  const auto list = Must(ParseRpmHeader(bytes));
  EXPECT_EQ(list.files.at(0).path, "/usr/bin/true");
}

TEST(RpmHeaderTest, LeavesOutAllZeroDigests) {
  const auto list = Must(ParseRpmHeader(HeaderBuilder()
                                            .File("/a", std::string(64, '0'))
                                            .File("/b", kAbcdSha256)
                                            .Build()));
  ASSERT_EQ(list.files.size(), 1u);
  EXPECT_EQ(list.files[0].path, "/b");
}

TEST(RpmHeaderTest, KeepsPathsAsTheyAre) {
  const auto list = Must(
      ParseRpmHeader(HeaderBuilder().File("/a/../b", kAbcdSha256).Build()));
  EXPECT_EQ(list.files.at(0).path, "/a/../b");
}

// librpm reads the entry behind the region in place of the signed one, and
// reports the signature as good.
TEST(RpmHeaderTest, RefusesDigestsThatShadowSignedOnes) {
  EXPECT_THAT(
      ParseRpmHeader(
          OneFile().AfterRegion(TagStrings(1035, {kEmptySha256})).Build()),
      FailsSaying(EBADMSG, "after the immutable region"));
}

TEST(RpmHeaderTest, RefusesShadowingBySignedData) {
  // The entry behind the region points back into it: no data follows.
  const auto bytes =
      OneFile().AfterRegion({1035, 8, 1, {}}).WrongOffset(1035, 0).Build();
  EXPECT_THAT(ParseRpmHeader(bytes),
              FailsSaying(EBADMSG, "does not cover every tag"));
}

TEST(RpmHeaderTest, ParserErrorForWrongMagic) {
  auto bytes = OneFile().Build();
  bytes[0] = std::byte{0};
  EXPECT_THAT(ParseRpmHeader(bytes), FailsSaying(EBADMSG, "wrong magic"));
}

TEST(RpmHeaderTest, ParserErrorForOffsetOutOfRange) {
  EXPECT_THAT(ParseRpmHeader(OneFile().WrongOffset(1035, 0xffffffff).Build()),
              FailsSaying(EBADMSG, "tag 1035 leaves the data"));
}

TEST(RpmHeaderTest, ParserErrorForMissingTags) {
  for (const std::uint32_t tag :
       {1000u, 1001u, 1002u, 1022u, 1116u, 1117u, 1118u}) {
    EXPECT_THAT(
        ParseRpmHeader(OneFile().Drop(tag).Build()),
        FailsSaying(EBADMSG, "tag " + std::to_string(tag) + " is missing"));
  }
}

TEST(RpmHeaderTest, ParserErrorForDigestCount) {
  EXPECT_THAT(
      ParseRpmHeader(
          OneFile().Set(TagStrings(1035, {kAbcdSha256, kAbcdSha256})).Build()),
      FailsSaying(EBADMSG, "not one digest for each file"));
  EXPECT_THAT(ParseRpmHeader(OneFile().WrongCount(1035, 0).Build()),
              FailsSaying(EBADMSG, "not one digest for each file"));
}

TEST(RpmHeaderTest, ParserErrorForDigestType) {
  EXPECT_THAT(
      ParseRpmHeader(OneFile().Set(TagString(1035, kAbcdSha256)).Build()),
      FailsSaying(EBADMSG, "tag 1035 has type 6"));
}

TEST(RpmHeaderTest, RefusesOtherWrongTypes) {
  for (const std::uint32_t tag : {1000u, 1030u, 1116u, 1117u, 1118u, 5011u}) {
    EXPECT_THAT(ParseRpmHeader(OneFile().Set({tag, 7, 0, {}}).Build()),
                FailsSaying(EBADMSG, std::to_string(tag) + " has type 7"));
  }
  EXPECT_THAT(ParseRpmHeader(OneFile().Set(TagString(1003, "1")).Build()),
              FailsSaying(EBADMSG, "tag 1003 has type 6"));
}

TEST(RpmHeaderTest, RefusesOtherCounts) {
  EXPECT_THAT(ParseRpmHeader(OneFile().Set(TagNumbers32(1116, {0, 0})).Build()),
              FailsSaying(EBADMSG, "not one folder for each file"));
  EXPECT_THAT(ParseRpmHeader(OneFile().Set(TagNumbers16(1030, {1, 2})).Build()),
              FailsSaying(EBADMSG, "not one mode for each file"));
  EXPECT_THAT(
      ParseRpmHeader(
          OneFile().Drop(1117).Set(TagStrings(1027, {"/a", "/b"})).Build()),
      FailsSaying(EBADMSG, "not one digest for each file"));
}

TEST(RpmHeaderTest, RefusesFolderIndexOutOfRange) {
  for (const std::uint32_t index : {1u, 0xffffffffu}) {
    EXPECT_THAT(
        ParseRpmHeader(OneFile().Set(TagNumbers32(1116, {index})).Build()),
        FailsSaying(EBADMSG, "folder index out of range"));
  }
}

TEST(RpmHeaderTest, RefusesDigestsOfWrongLength) {
  for (const std::size_t digits : {2u, 40u, 62u, 66u}) {
    EXPECT_THAT(
        ParseRpmHeader(
            HeaderBuilder().File("/a", std::string(digits, 'a')).Build()),
        FailsSaying(EBADMSG, "sha256 digest of"));
  }
  EXPECT_THAT(ParseRpmHeader(HeaderBuilder().File("/a", "00").Build()),
              FailsSaying(EBADMSG, "sha256 digest of"));
}

TEST(RpmHeaderTest, RefusesDigestsThatAreNotHexadecimal) {
  for (const char wrong : {'g', ' ', '-'}) {
    std::string hex = kAbcdSha256;
    hex[63] = wrong;
    EXPECT_THAT(ParseRpmHeader(HeaderBuilder().File("/a", hex).Build()),
                FailsSaying(EBADMSG, "not hexadecimal"));
  }
}

TEST(RpmHeaderTest, RefusesUnknownAlgorithms) {
  for (const std::uint32_t number : {0u, 3u, 4u, 13u, 15u, 0x108u}) {
    EXPECT_THAT(ParseRpmHeader(OneFile().Algorithm(number).Build()),
                FailsSaying(EOPNOTSUPP, std::to_string(number)));
  }
}

TEST(RpmHeaderTest, RefusesATagTwice) {
  EXPECT_THAT(
      ParseRpmHeader(OneFile().Again(TagStrings(1035, {kEmptySha256})).Build()),
      FailsSaying(EBADMSG, "tag 1035 comes twice"));
}

TEST(RpmHeaderTest, RefusesBytesAfterTheEnd) {
  auto bytes = OneFile().Build();
  bytes.push_back(std::byte{0});
  EXPECT_THAT(ParseRpmHeader(bytes), FailsSaying(EBADMSG, "after the end"));
}

TEST(RpmHeaderTest, RefusesTruncationAtEveryByte) {
  const auto bytes = OneFile().Build();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseRpmHeader(Bytes(bytes).first(size)), FailsWith(EBADMSG));
  }
}

TEST(RpmHeaderTest, RefusesMoreBytesThanAnyListMayHave) {
  const ByteVector bytes(kMaxListBytes + 1);
  EXPECT_THAT(ParseRpmHeader(bytes), FailsSaying(EBADMSG, "too large"));
}

TEST(RpmHeaderTest, RefusesStrangePackageNames) {
  EXPECT_THAT(
      ParseRpmHeader(HeaderBuilder().Package("", "1", "1", "noarch").Build()),
      FailsSaying(EBADMSG, "empty part"));
  EXPECT_THAT(
      ParseRpmHeader(HeaderBuilder()
                         .Package(std::string(1025, 'n'), "1", "1", "noarch")
                         .Build()),
      FailsSaying(EBADMSG, "name too long"));
}

TEST(RpmHeaderTest, LimitsTheLengthOfPaths) {
  const std::string longest = "/" + std::string(4095, 'a');
  EXPECT_TRUE(
      ParseRpmHeader(HeaderBuilder().File(longest, kAbcdSha256).Build()));
  EXPECT_THAT(
      ParseRpmHeader(HeaderBuilder().File(longest + "a", kAbcdSha256).Build()),
      FailsSaying(EBADMSG, "path too long"));
}

// A small header can ask for a lot of memory: one long folder for all files.
TEST(RpmHeaderTest, LimitsTheSumOfPaths) {
  constexpr std::size_t kFiles = 17000;
  const std::vector<std::string> names(kFiles, "n");
  const std::vector<std::string> digests(kFiles, kAbcdSha256);
  const std::vector<std::uint32_t> indexes(kFiles, 0);
  const auto bytes = HeaderBuilder()
                         .Set(TagStrings(1117, names))
                         .Set(TagStrings(1118, {std::string(4000, 'd')}))
                         .Set(TagNumbers32(1116, indexes))
                         .Set(TagStrings(1035, digests))
                         .Build();
  EXPECT_THAT(ParseRpmHeader(bytes), FailsSaying(EBADMSG, "paths too long"));
}

}  // namespace
}  // namespace assayfs
