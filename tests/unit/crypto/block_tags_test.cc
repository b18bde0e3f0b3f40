// SPDX-License-Identifier: Apache-2.0
// BlockTags: comparing blocks with what was hashed.
#include "crypto/block_tags.h"

#include <gmock/gmock.h>

#include "base/bytes.h"

namespace assayfs {
namespace {

ByteVector Block(unsigned char value, std::size_t size = kTagBlockBytes) {
  return ByteVector(size, std::byte{value});
}

// Two whole blocks and a last one of 100 bytes.
BlockTags ThreeBlocks() {
  BlockTags tags;
  EXPECT_TRUE(tags.Append(Block(1)));
  EXPECT_TRUE(tags.Append(Block(2)));
  EXPECT_TRUE(tags.Append(Block(3, 100)));
  return tags;
}

TEST(BlockTagsTest, MatchesWhatWasAppended) {
  const BlockTags tags = ThreeBlocks();
  EXPECT_TRUE(tags.Matches(0, Block(1)));
  EXPECT_TRUE(tags.Matches(1, Block(2)));
  EXPECT_TRUE(tags.Matches(2, Block(3, 100)));
}

TEST(BlockTagsTest, RefusesTheBlockOfAnotherPlace) {
  const BlockTags tags = ThreeBlocks();
  EXPECT_FALSE(tags.Matches(0, Block(2)));
  EXPECT_FALSE(tags.Matches(1, Block(1)));
}

TEST(BlockTagsTest, RefusesAChangeOfAnyBit) {
  const BlockTags tags = ThreeBlocks();
  for (const std::size_t at : {std::size_t{0}, kTagBlockBytes - 1}) {
    ByteVector block = Block(1);
    block[at] ^= std::byte{0x80};
    EXPECT_FALSE(tags.Matches(0, block));
  }
}

TEST(BlockTagsTest, RefusesAnotherLength) {
  const BlockTags tags = ThreeBlocks();
  EXPECT_FALSE(tags.Matches(0, Block(1, kTagBlockBytes - 1)));
  EXPECT_FALSE(tags.Matches(0, {}));
  EXPECT_FALSE(tags.Matches(2, Block(3, 99)));
  EXPECT_FALSE(tags.Matches(2, Block(3, 101)));
  // A last block filled up with zeros, as a page cache hands it out.
  ByteVector page = Block(3, 100);
  page.resize(kTagBlockBytes);
  EXPECT_FALSE(tags.Matches(2, page));
}

TEST(BlockTagsTest, RefusesAnIndexPastTheEnd) {
  const BlockTags tags = ThreeBlocks();
  EXPECT_FALSE(tags.Matches(3, {}));
  EXPECT_FALSE(tags.Matches(3, Block(3)));
  EXPECT_FALSE(tags.Matches(UINT64_MAX, Block(1)));
  // The start of this block, in bytes, would wrap around to 0.
  EXPECT_FALSE(tags.Matches(std::uint64_t{1} << 52, Block(1)));
}

TEST(BlockTagsTest, AnEmptyFileHasNoBlock) {
  const BlockTags tags;
  EXPECT_EQ(tags.file_bytes(), 0u);
  EXPECT_FALSE(tags.Matches(0, {}));
}

TEST(BlockTagsTest, CountsFileAndMemory) {
  const BlockTags tags = ThreeBlocks();
  EXPECT_EQ(tags.file_bytes(), 2 * kTagBlockBytes + 100);
  EXPECT_EQ(tags.memory_bytes(), 3u * 16u);
}

TEST(BlockTagsTest, AreEqualForEqualContentOnly) {
  BlockTags a;
  BlockTags b;
  BlockTags other;
  ASSERT_TRUE(a.Append(AsBytes("content")));
  ASSERT_TRUE(b.Append(AsBytes("content")));
  ASSERT_TRUE(other.Append(AsBytes("another")));
  EXPECT_TRUE(a.AgreesWith(b));
  EXPECT_FALSE(a.AgreesWith(other));
  EXPECT_FALSE(a.AgreesWith(BlockTags()));
}

TEST(BlockTagsTest, WhereTheKernelChecksBlocksNeedTheRightLengthOnly) {
  const Digest digest =
      *Digest::FromBytes(HashAlgorithm::kVeritySha256, ByteVector(32));
  const auto tags = BlockTags::CheckedBelow(digest, kTagBlockBytes + 3);
  EXPECT_EQ(*tags.checked_below(), digest);
  EXPECT_EQ(tags.memory_bytes(), 0u);
  const ByteVector block(kTagBlockBytes);
  EXPECT_TRUE(tags.Matches(0, block));
  EXPECT_FALSE(tags.Matches(0, Bytes(block).first(3)));
  EXPECT_TRUE(tags.Matches(1, Bytes(block).first(3)));
  EXPECT_FALSE(tags.Matches(1, block));
  EXPECT_FALSE(tags.Matches(2, {}));
  EXPECT_FALSE(BlockTags::CheckedBelow(digest, 0).Matches(0, {}));
}

TEST(BlockTagsTest, ContentIsTheSameWhetherTheKernelChecksItOrNot) {
  const auto below = [](int digit, std::uint64_t bytes) {
    return BlockTags::CheckedBelow(
        *Digest::FromBytes(HashAlgorithm::kVeritySha256,
                           ByteVector(32, static_cast<std::byte>(digit))),
        bytes);
  };
  BlockTags hashed;
  ASSERT_TRUE(hashed.Append(AsBytes("abc")));
  EXPECT_EQ(hashed.checked_below(), nullptr);
  EXPECT_TRUE(hashed.AgreesWith(below(1, 3)));
  EXPECT_TRUE(below(1, 3).AgreesWith(hashed));
  EXPECT_FALSE(hashed.AgreesWith(below(1, 4)));
  EXPECT_TRUE(below(1, 3).AgreesWith(below(1, 3)));
  EXPECT_FALSE(below(1, 3).AgreesWith(below(2, 3)));
}

}  // namespace
}  // namespace assayfs
