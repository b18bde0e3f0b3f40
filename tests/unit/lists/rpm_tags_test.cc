// SPDX-License-Identifier: Apache-2.0
// The structure of RPM headers, and access to tags.
#include "lists/rpm_tags.h"

#include <gmock/gmock.h>

#include <string>

#include "lists/digest_list.h"
#include "support/header_builder.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;
using testing::TagBinary;
using testing::TagNumbers16;
using testing::TagNumbers32;
using testing::TagString;
using testing::TagStrings;
using Region = RpmTags::Region;

Result<RpmTags> Take(Bytes bytes, Region region = Region::kRequired) {
  ByteReader in(bytes);
  return RpmTags::Take(in, region);
}

// Replaces the big-endian number at an offset.
ByteVector WithNumber(ByteVector bytes, std::size_t at, std::uint32_t number) {
  ByteVector replacement;
  AppendBe32(replacement, number);
  std::ranges::copy(replacement,
                    bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return bytes;
}

TEST(RpmTagsTest, ReadsEveryKindOfValue) {
  const auto bytes = HeaderBuilder()
                         .Set(TagBinary(268, AsBytes("abc")))
                         .Set(TagNumbers16(1030, {1, 0xffff}))
                         .Set(TagNumbers32(1116, {7, 0xffffffff}))
                         .Set(TagStrings(1117, {"", "b"}))
                         .Build();
  const auto tags = Must(Take(bytes));
  EXPECT_EQ(Must(tags.String(RpmTag::kName)), "test");
  EXPECT_EQ(AsText(Must(tags.Binary(RpmTag::kRsaHeader))), "abc");
  EXPECT_THAT(Must(tags.Numbers16(RpmTag::kFileModes)),
              ::testing::ElementsAre(1, 0xffff));
  EXPECT_THAT(Must(tags.Numbers32(RpmTag::kDirIndexes)),
              ::testing::ElementsAre(7u, 0xffffffffu));
  EXPECT_THAT(Must(tags.Strings(RpmTag::kBaseNames)),
              ::testing::ElementsAre("", "b"));
  EXPECT_EQ(Must(tags.Number32(RpmTag::kFileDigestAlgo)), 8u);
  EXPECT_FALSE(tags.Has(RpmTag::kEpoch));
}

TEST(RpmTagsTest, LeavesWhatFollowsInTheReader) {
  auto bytes = HeaderBuilder().Build();
  AppendBytes(bytes, AsBytes("rest"));
  ByteReader in(bytes);
  Must(RpmTags::Take(in, Region::kRequired));
  EXPECT_EQ(AsText(in.Take(in.left()).value()), "rest");
}

TEST(RpmTagsTest, RefusesTruncationAtEveryByte) {
  const auto bytes = HeaderBuilder().Build();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(Take(Bytes(bytes).first(size)), FailsWith(EBADMSG)) << size;
  }
}

TEST(RpmTagsTest, RefusesEveryWrongByteOfTheMagic) {
  for (std::size_t i = 0; i < 8; ++i) {
    auto bytes = HeaderBuilder().Build();
    bytes[i] ^= std::byte{1};
    EXPECT_THAT(Take(bytes), FailsSaying(EBADMSG, "wrong magic")) << i;
  }
}

TEST(RpmTagsTest, RefusesCountsOverTheLimits) {
  const auto bytes = HeaderBuilder().Build();
  EXPECT_THAT(Take(WithNumber(bytes, 8, 0x10000)),
              FailsSaying(EBADMSG, "too many tags"));
  EXPECT_THAT(Take(WithNumber(bytes, 8, 0xffffffff)),
              FailsSaying(EBADMSG, "too many tags"));
  EXPECT_THAT(Take(WithNumber(bytes, 12, kMaxListBytes + 1)),
              FailsSaying(EBADMSG, "too much data"));
}

TEST(RpmTagsTest, RefusesNoRegion) {
  const auto bytes = HeaderBuilder().WithoutRegion().Build();
  EXPECT_THAT(Take(bytes), FailsSaying(EBADMSG, "no immutable region"));
  EXPECT_THAT(Take(*FromHex("8eade801000000000000000000000000")),
              FailsSaying(EBADMSG, "no immutable region"));
}

TEST(RpmTagsTest, RefusesARegionThatIsNotTheFirstEntry) {
  auto bytes = HeaderBuilder().Build();
  // Swaps the first two entries; the index starts at byte 16.
  std::swap_ranges(bytes.begin() + 16, bytes.begin() + 32, bytes.begin() + 32);
  EXPECT_THAT(Take(bytes), FailsSaying(EBADMSG, "no immutable region"));
}

TEST(RpmTagsTest, RefusesAWrongRegionEntry) {
  const auto bytes = HeaderBuilder().Build();
  EXPECT_THAT(Take(WithNumber(bytes, 20, 6)),
              FailsSaying(EBADMSG, "bad entry"));
  EXPECT_THAT(Take(WithNumber(bytes, 28, 15)),
              FailsSaying(EBADMSG, "bad entry"));
}

TEST(RpmTagsTest, RefusesARegionOutsideTheData) {
  const auto bytes = HeaderBuilder().Build();
  for (const std::uint32_t offset : {0xffffffffu, 0x7fffffffu, 0xfffu}) {
    EXPECT_THAT(Take(WithNumber(bytes, 24, offset)),
                FailsSaying(EBADMSG, "outside the data"));
  }
}

TEST(RpmTagsTest, RefusesAWrongTrailer) {
  const auto bytes = HeaderBuilder().Build();
  const std::size_t trailer = bytes.size() - 16;
  EXPECT_THAT(Take(WithNumber(bytes, trailer, 62)),
              FailsSaying(EBADMSG, "bad trailer"));
  EXPECT_THAT(Take(WithNumber(bytes, trailer + 4, 6)),
              FailsSaying(EBADMSG, "bad trailer"));
  EXPECT_THAT(Take(WithNumber(bytes, trailer + 12, 17)),
              FailsSaying(EBADMSG, "bad trailer"));
  EXPECT_THAT(Take(WithNumber(bytes, trailer + 8, 0)),
              FailsSaying(EBADMSG, "does not cover"));
}

TEST(RpmTagsTest, RefusesEntriesBehindTheRegion) {
  // With data of its own, and without: the value is then the trailer's bytes.
  EXPECT_THAT(Take(HeaderBuilder().AfterRegion(TagString(2000, "x")).Build()),
              FailsSaying(EBADMSG, "data after the immutable region"));
  EXPECT_THAT(Take(HeaderBuilder().AfterRegion({2000, 7, 0, {}}).Build()),
              FailsSaying(EBADMSG, "does not cover every tag"));
}

TEST(RpmTagsTest, RefusesDataBehindTheRegion) {
  auto bytes = HeaderBuilder().Build();
  const auto data_bytes = *ByteReader(Bytes(bytes).subspan(12)).TakeBe32();
  bytes = WithNumber(bytes, 12, data_bytes + 1);
  bytes.push_back(std::byte{0});
  EXPECT_THAT(Take(bytes),
              FailsSaying(EBADMSG, "data after the immutable region"));
}

TEST(RpmTagsTest, RefusesATagTwice) {
  EXPECT_THAT(Take(HeaderBuilder().Again(TagString(1000, "other")).Build()),
              FailsSaying(EBADMSG, "tag 1000 comes twice"));
  EXPECT_THAT(Take(HeaderBuilder()
                       .Again(TagString(3000, "a"))
                       .Again(TagString(3000, "a"))
                       .Build()),
              FailsSaying(EBADMSG, "tag 3000 comes twice"));
}

TEST(RpmTagsTest, RefusesUnknownTypes) {
  EXPECT_THAT(Take(HeaderBuilder().Set({3000, 10, 0, {}}).Build()),
              FailsSaying(EBADMSG, "tag 3000 has no type"));
}

TEST(RpmTagsTest, RefusesOffsetsOutsideTheData) {
  EXPECT_THAT(Take(HeaderBuilder().WrongOffset(1000, 0xffffffff).Build()),
              FailsSaying(EBADMSG, "tag 1000 leaves the data"));
}

TEST(RpmTagsTest, RefusesCountsThatLeaveTheData) {
  EXPECT_THAT(Take(HeaderBuilder().WrongCount(5011, 0xffffffff).Build()),
              FailsSaying(EBADMSG, "tag 5011 leaves the data"));
  EXPECT_THAT(Take(HeaderBuilder()
                       .Set(TagBinary(3000, AsBytes("abc")))
                       .WrongCount(3000, 1000)
                       .Build()),
              FailsSaying(EBADMSG, "tag 3000 leaves the data"));
}

TEST(RpmTagsTest, RefusesArraysThatLeaveTheData) {
  const auto bytes = HeaderBuilder()
                         .Set(TagStrings(1117, {"a"}))
                         .WrongCount(1117, 1000)
                         .Build();
  EXPECT_THAT(Must(Take(bytes)).Strings(RpmTag::kBaseNames),
              FailsSaying(EBADMSG, "tag 1117 leaves the data"));
}

TEST(RpmTagsTest, RefusesHugeArrays) {
  const auto bytes = HeaderBuilder()
                         .Set(TagStrings(1117, {"a"}))
                         .WrongCount(1117, 0xffffffff)
                         .Build();
  EXPECT_THAT(Must(Take(bytes)).Strings(RpmTag::kBaseNames),
              FailsSaying(EBADMSG, "too many values"));
}

TEST(RpmTagsTest, RefusesAStringWithoutItsEnd) {
  // The last byte of a signature header's data is the string's.
  auto bytes = HeaderBuilder().WithoutRegion().Drop(5011).Build();
  bytes.back() = std::byte{'x'};
  const auto tags = Must(Take(bytes, Region::kIgnored));
  EXPECT_THAT(tags.String(RpmTag::kArch),
              FailsSaying(EBADMSG, "tag 1022 is not one string"));
}

TEST(RpmTagsTest, GettersRefuseMissingTags) {
  const auto bytes = HeaderBuilder().Build();
  const auto tags = Must(Take(bytes));
  EXPECT_THAT(tags.Binary(RpmTag::kRsaHeader),
              FailsSaying(EBADMSG, "tag 268 is missing"));
}

TEST(RpmTagsTest, GettersRefuseOtherTypes) {
  const auto bytes = HeaderBuilder().Build();
  const auto tags = Must(Take(bytes));
  EXPECT_THAT(tags.Strings(RpmTag::kName),
              FailsSaying(EBADMSG, "tag 1000 has type 6"));
  EXPECT_THAT(tags.Numbers16(RpmTag::kFileDigestAlgo),
              FailsSaying(EBADMSG, "tag 5011 has type 4"));
  EXPECT_THAT(tags.Numbers32(RpmTag::kName), FailsWith(EBADMSG));
  EXPECT_THAT(tags.Binary(RpmTag::kName), FailsWith(EBADMSG));
  EXPECT_THAT(tags.String(RpmTag::kFileDigestAlgo), FailsWith(EBADMSG));
}

TEST(RpmTagsTest, SingleValuesRefuseOtherCounts) {
  const auto bytes = HeaderBuilder()
                         .Set(TagNumbers32(5011, {8, 8}))
                         .WrongCount(1000, 2)
                         .Build();
  const auto tags = Must(Take(bytes));
  EXPECT_THAT(tags.Number32(RpmTag::kFileDigestAlgo),
              FailsSaying(EBADMSG, "not one number"));
  EXPECT_THAT(tags.String(RpmTag::kName),
              FailsSaying(EBADMSG, "not one string"));
}

TEST(RpmTagsTest, SignatureHeadersNeedNoRegion) {
  const auto bytes =
      HeaderBuilder().WithoutRegion().Again(TagString(1000, "second")).Build();
  const auto tags = Must(Take(bytes, Region::kIgnored));
  EXPECT_EQ(Must(tags.String(RpmTag::kName)), "test");
}

TEST(RpmTagsTest, SignatureHeadersMayHaveTagsBehindTheirRegion) {
  const auto bytes =
      HeaderBuilder().AfterRegion(TagBinary(268, AsBytes("sig"))).Build();
  const auto tags = Must(Take(bytes, Region::kIgnored));
  EXPECT_EQ(AsText(Must(tags.Binary(RpmTag::kRsaHeader))), "sig");
}

}  // namespace
}  // namespace assayfs
