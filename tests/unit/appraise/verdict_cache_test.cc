// SPDX-License-Identifier: Apache-2.0
#include "appraise/verdict_cache.h"

#include "support/fakes.h"

namespace assayfs {
namespace {

using testing::DigestOf;

constexpr FileId kFile{1, 2};
constexpr FileId kOther{1, 3};
constexpr Stamp kStamp{4, 100, 200};

Content MakeContent(std::size_t blocks = 1) {
  auto tags = std::make_shared<BlockTags>();
  const ByteVector block(kTagBlockBytes);
  for (std::size_t i = 0; i < blocks; ++i) EXPECT_TRUE(tags->Append(block));
  return {.stamp = kStamp, .digests = {DigestOf("x")}, .tags = tags};
}

class VerdictCacheTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Content> Commit(FileId id, std::size_t blocks = 1) {
    const auto ticket = cache_.Begin(id);
    return ticket ? cache_.Commit(*ticket, MakeContent(blocks)) : nullptr;
  }

  VerdictCache cache_{{.max_files = 2, .max_tag_bytes = 100}};
};

TEST_F(VerdictCacheTest, FindsWhatWasCommittedUnderTheSameStamp) {
  const auto committed = Commit(kFile);
  ASSERT_NE(committed, nullptr);
  EXPECT_EQ(cache_.Find(kFile, kStamp), committed);
  EXPECT_EQ(cache_.Find(kOther, kStamp), nullptr);
}

TEST_F(VerdictCacheTest, AnotherCtimeForgetsTheContentForGood) {
  Commit(kFile);
  Stamp moved = kStamp;
  ++moved.ctime_ns;
  EXPECT_EQ(cache_.Find(kFile, moved), nullptr);
  EXPECT_EQ(cache_.Find(kFile, kStamp), nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(VerdictCacheTest, AHashBegunBeforeAWriteCannotCommitAfterIt) {
  const auto ticket = cache_.Begin(kFile);
  { const WriterGuard writer = cache_.BeginWrite(kFile); }
  EXPECT_EQ(cache_.Commit(*ticket, MakeContent()), nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(VerdictCacheTest, AHashBegunBeforeADropCannotCommitAfterIt) {
  const auto ticket = cache_.Begin(kFile);
  cache_.Drop(kFile);
  EXPECT_EQ(cache_.Commit(*ticket, MakeContent()), nullptr);
}

TEST_F(VerdictCacheTest, NothingIsCommittedWhileAWriterIsIn) {
  const auto ticket = cache_.Begin(kFile);
  const WriterGuard writer = cache_.BeginWrite(kFile);
  EXPECT_EQ(cache_.Commit(*ticket, MakeContent()), nullptr);
  EXPECT_FALSE(cache_.Begin(kFile).has_value());
}

TEST_F(VerdictCacheTest, AWriterForgetsTheContentBeforeItWrites) {
  Commit(kFile);
  const WriterGuard writer = cache_.BeginWrite(kFile);
  EXPECT_EQ(cache_.Find(kFile, kStamp), nullptr);
}

TEST_F(VerdictCacheTest, TheLastOfSeveralWritersCounts) {
  WriterGuard first = cache_.BeginWrite(kFile);
  WriterGuard second = cache_.BeginWrite(kFile);
  first = WriterGuard();
  EXPECT_TRUE(cache_.WriterActive(kFile));
  const WriterGuard moved = std::move(second);
  EXPECT_TRUE(cache_.WriterActive(kFile));
  EXPECT_FALSE(cache_.WriterActive(kOther));
}

TEST_F(VerdictCacheTest, AfterTheWriterTheFileIsHashedAnew) {
  { const WriterGuard writer = cache_.BeginWrite(kFile); }
  EXPECT_FALSE(cache_.WriterActive(kFile));
  EXPECT_NE(Commit(kFile), nullptr);
}

TEST_F(VerdictCacheTest, ContentIdsAreNeverUsedTwice) {
  const auto first = Commit(kFile)->content_id;
  cache_.Drop(kFile);
  const auto second = Commit(kFile)->content_id;
  EXPECT_NE(first, 0U);
  EXPECT_NE(first, second);
}

TEST_F(VerdictCacheTest, ForgetsTheOldestBeyondTheNumberOfFiles) {
  Commit({1, 10});
  Commit({1, 11});
  Commit({1, 12});
  EXPECT_EQ(cache_.size(), 2U);
  EXPECT_EQ(cache_.Find({1, 10}, kStamp), nullptr);
  EXPECT_NE(cache_.Find({1, 12}, kStamp), nullptr);
}

TEST_F(VerdictCacheTest, ForgetsTheOldestBeyondTheBytesOfTags) {
  Commit(kFile, 4);
  Commit(kOther, 4);
  EXPECT_EQ(cache_.Find(kFile, kStamp), nullptr);
  EXPECT_NE(cache_.Find(kOther, kStamp), nullptr);
}

TEST_F(VerdictCacheTest, ContentTooLargeToKeepIsStillReturned) {
  const auto content = Commit(kFile, 100);
  ASSERT_NE(content, nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(VerdictCacheTest, ATicketHoldsUntilSomethingChanges) {
  const auto ticket = cache_.Begin(kFile);
  EXPECT_TRUE(cache_.Holds(*ticket));
  cache_.Drop(kFile);
  EXPECT_FALSE(cache_.Holds(*ticket));
  const auto next = cache_.Begin(kFile);
  EXPECT_TRUE(cache_.Holds(*next));
  const WriterGuard writer = cache_.BeginWrite(kFile);
  EXPECT_FALSE(cache_.Holds(*next));
}

class FallenTest : public ::testing::Test {
 protected:
  FallenTest() { Remember(kFile); }
  void Remember(FileId id, Stamp stamp = kStamp) {
    const auto ticket = cache_.Begin(id);
    Content content = MakeContent();
    content.stamp = stamp;
    ASSERT_NE(cache_.Commit(*ticket, std::move(content)), nullptr);
  }

  std::vector<FileId> fallen_;
  // Asks the cache: no lock may be held.
  VerdictCache cache_{{.max_files = 2, .max_tag_bytes = 1000},
                      [this](FileId id) {
                        EXPECT_FALSE(cache_.WriterActive(kOther));
                        fallen_.push_back(id);
                      }};
};

TEST_F(FallenTest, NothingFellYet) {
  EXPECT_NE(cache_.Find(kFile, kStamp), nullptr);
  EXPECT_EQ(cache_.Find(kOther, kStamp), nullptr);
  EXPECT_TRUE(fallen_.empty());
}

TEST_F(FallenTest, AnotherStampIsToldOf) {
  Stamp moved = kStamp;
  ++moved.ctime_ns;
  cache_.Find(kFile, moved);
  EXPECT_EQ(fallen_, std::vector{kFile});
}

TEST_F(FallenTest, WhoMadeItFallIsNotTold) {
  { const WriterGuard writer = cache_.BeginWrite(kFile); }
  EXPECT_TRUE(fallen_.empty());
  Remember(kFile, kStamp);
  cache_.Drop(kFile);
  EXPECT_TRUE(fallen_.empty());
}

TEST_F(FallenTest, OtherContentIsToldOf) {
  Stamp moved = kStamp;
  ++moved.ctime_ns;
  Remember(kFile, moved);
  EXPECT_EQ(fallen_, std::vector{kFile});
}

TEST_F(FallenTest, WhatHasNoRoomIsToldOf) {
  Remember(kOther);
  Remember(FileId{1, 4});
  EXPECT_EQ(fallen_, std::vector{kFile});
}

TEST_F(VerdictCacheTest, FindsContentByTheBeginningOfItsDigest) {
  Commit(kFile);
  const auto content = Commit(kOther);
  const std::uint64_t beginning = content->digests.front().Beginning();
  EXPECT_EQ(cache_.WithDigests({beginning}).size(), 2U);  // they are equal
  cache_.Drop(kFile);
  const auto found = cache_.WithDigests({beginning});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], std::pair(kOther, content));
  EXPECT_TRUE(cache_.WithDigests({beginning + 1}).empty());
}

}  // namespace
}  // namespace assayfs
