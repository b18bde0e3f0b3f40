// SPDX-License-Identifier: Apache-2.0
#include "fs/open_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "base/reopen.h"
#include "crypto/file_hash.h"
#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::LowerTree;
using testing::Must;
using testing::ReadText;

using ReadFor = OpenFile::ReadFor;

class OpenFileTest : public ::testing::Test {
 protected:
  OpenFileTest() : path_(tree_.dir().Write("a", "hello")) {}

  std::unique_ptr<OpenFile> Plain(int flags) {
    const LowerRef lower = tree_.At("a");
    UniqueFd fd = Must(Reopen(lower.fd(), flags));
    if (flags == O_RDONLY) return OpenFile::Plain({lower, std::move(fd)});
    return OpenFile::Writing(
        {lower, std::move(fd)},
        {lower.open_state()->BeginWriting(std::chrono::milliseconds(0)), {}});
  }
  std::unique_ptr<OpenFile> Judged() {
    const LowerRef lower = tree_.At("a");
    UniqueFd fd = Must(Reopen(lower.fd(), O_RDONLY));
    auto tags = Must(HashFile(fd.get(), {HashAlgorithm::kSha256})).tags;
    return OpenFile::Judged({lower, std::move(fd)},
                            {7, std::move(tags), lower.open_state()->change()},
                            nullptr);
  }
  Result<Bytes> Read(OpenFile& file, std::uint64_t offset, std::size_t size,
                     ReadFor whom = ReadFor::kCache) {
    return file.Read(offset, size, whom, buffer_, mismatch_);
  }

  LowerTree tree_;
  std::string path_;
  ByteVector buffer_;
  std::optional<OpenFile::Mismatch> mismatch_;
};

TEST_F(OpenFileTest, ReadsWhatWasJudged) {
  const auto file = Judged();
  EXPECT_TRUE(file->verified());
  EXPECT_EQ(AsText(Must(Read(*file, 1, 100))), "ello");
  EXPECT_FALSE(mismatch_);
}

TEST_F(OpenFileTest, AnswersEioWhereTheKernelTakesTheFileForALongerOne) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto file = Judged();
  EXPECT_EQ(AsText(Must(Read(*file, 0, page))), "hello");
  EXPECT_THAT(Read(*file, 0, 2 * page), FailsWith(EIO));
  EXPECT_THAT(Read(*file, page, page), FailsWith(EIO));
  EXPECT_FALSE(mismatch_);
  EXPECT_EQ(AsText(Must(Read(*file, 1, 2 * page, ReadFor::kCaller))), "ello");
  EXPECT_EQ(AsText(Must(Read(*file, page, page, ReadFor::kCaller))), "");
}

TEST_F(OpenFileTest, AnswersEioForAChangedBlockAndSaysWhere) {
  const auto file = Judged();
  tree_.dir().Write("a", "jello");
  EXPECT_THAT(Read(*file, 0, 5), FailsWith(EIO));
  ASSERT_TRUE(mismatch_);
  EXPECT_EQ(mismatch_->content_id, 7U);
  EXPECT_EQ(mismatch_->offset, 0U);
}

TEST_F(OpenFileTest, ChecksPlainReadsWhileAJudgedHandleSharesThePages) {
  const auto plain = Plain(O_RDONLY);
  auto judged = Judged();
  EXPECT_EQ(AsText(Must(Read(*plain, 0, 5))), "hello");
  tree_.dir().Write("a", "jello");
  EXPECT_THAT(Read(*plain, 0, 5), FailsWith(EIO));
  ASSERT_TRUE(mismatch_);
  EXPECT_EQ(mismatch_->content_id, 7U);
  judged.reset();
  EXPECT_EQ(AsText(Must(Read(*plain, 0, 5))), "jello");
}

TEST_F(OpenFileTest, ChecksNoPlainReadsAfterAWriter) {
  const auto plain = Plain(O_RDONLY);
  const auto judged = Judged();
  const auto writer = Plain(O_RDWR);
  Must(writer->Write(AsBytes("j"), 0, OpenFile::Place::kOffset));
  EXPECT_EQ(AsText(Must(Read(*plain, 0, 5))), "jello");
  EXPECT_EQ(AsText(Must(Read(*writer, 0, 5))), "jello");
  EXPECT_THAT(Read(*judged, 0, 5), FailsWith(EIO));
}

TEST_F(OpenFileTest, KeepsPagesBetweenOpensOfOneContent) {
  EXPECT_FALSE(Judged()->keeps_pages());
  EXPECT_TRUE(Judged()->keeps_pages());
  Plain(O_WRONLY);
  EXPECT_FALSE(Judged()->keeps_pages());
}

TEST_F(OpenFileTest, WritesAtThePlaceGiven) {
  const auto file = Plain(O_RDWR);
  EXPECT_EQ(Must(file->Write(AsBytes("XY"), 1, OpenFile::Place::kOffset)), 2U);
  EXPECT_EQ(AsText(Must(Read(*file, 0, 10))), "hXYlo");
}

TEST_F(OpenFileTest, AppendsAtTheRealEnd) {
  const auto file = Plain(O_WRONLY);
  tree_.dir().Write("a", "longer than it was");
  Must(file->Write(AsBytes("!"), 5, OpenFile::Place::kAppend));
  EXPECT_EQ(ReadText(path_), "longer than it was!");
}

TEST_F(OpenFileTest, ReportsErrorsOfTheLowerFile) {
  const auto file = Plain(O_RDONLY);
  EXPECT_THAT(file->Write(AsBytes("x"), 0, OpenFile::Place::kOffset),
              FailsWith(EBADF));
  EXPECT_THAT(file->Allocate(0, 0, 10), FailsWith(EBADF));
  EXPECT_THAT(file->Seek(100, SEEK_DATA), FailsWith(ENXIO));
}

TEST_F(OpenFileTest, AllocatesAndSeeks) {
  const auto file = Plain(O_RDWR);
  ASSERT_EQ(::truncate(path_.c_str(), 1 << 20), 0);
  EXPECT_LE(Must(file->Seek(0, SEEK_HOLE)), 1 << 20);
  Must(file->Allocate(0, 1 << 20, 10));
  EXPECT_EQ(tree_.Stat("a").st_size, (1 << 20) + 10);
}

TEST_F(OpenFileTest, SyncsAndFlushes) {
  const auto file = Plain(O_WRONLY);
  EXPECT_TRUE(file->Sync(OpenFile::Extent::kData));
  EXPECT_TRUE(file->Sync(OpenFile::Extent::kAll));
  EXPECT_TRUE(file->Flush());
}

TEST_F(OpenFileTest, AFlushedWriterIsWaitedForUntilItIsGone) {
  auto file = Plain(O_WRONLY);
  Must(file->Flush());
  Must(file->Flush());
  const LowerRef lower = tree_.At("a");
  std::thread closer([&] { file.reset(); });
  lower.open_state()->WaitForClosing(std::chrono::hours(1));
  closer.join();
}

TEST_F(OpenFileTest, AWriterThatGoesOnAfterAFlushIsNotWaitedFor) {
  const auto file = Plain(O_WRONLY);
  Must(file->Flush());
  Must(file->Write(AsBytes("x"), 0, OpenFile::Place::kOffset));
  tree_.At("a").open_state()->WaitForClosing(std::chrono::hours(1));
}

TEST_F(OpenFileTest, CopiesInTheKernel) {
  const auto from = Plain(O_RDONLY);
  const auto to = Plain(O_RDWR);
  EXPECT_EQ(Must(CopyRange(*from, 0, *to, 10, 5, 0)), 5U);
  EXPECT_EQ(tree_.Stat("a").st_size, 15);
}

TEST_F(OpenFileTest, DoesNotCopyAroundTheCheck) {
  const auto from = Judged();
  const auto to = Plain(O_RDWR);
  EXPECT_THAT(CopyRange(*from, 0, *to, 10, 5, 0), FailsWith(EOPNOTSUPP));
}

// The pages of the inode, and where it ends, are of the later content.
TEST_F(OpenFileTest, AnOlderHandleNeverReadsAShorterPieceOfLaterContent) {
  const auto older = Judged();
  tree_.dir().Write("a", "a longer text");
  const auto later = Judged();
  EXPECT_THAT(Read(*older, 0, 100), FailsWith(EIO));
  EXPECT_THAT(Read(*older, 5, 100), FailsWith(EIO));
  EXPECT_FALSE(mismatch_);
  EXPECT_EQ(AsText(Must(Read(*later, 0, 100))), "a longer text");
}

TEST_F(OpenFileTest, HandlesOnTheSameContentJudgedTwiceReadOn) {
  const auto older = Judged();
  const auto later = Judged();
  EXPECT_EQ(AsText(Must(Read(*older, 0, 100))), "hello");
  EXPECT_EQ(AsText(Must(Read(*later, 0, 100))), "hello");
}

}  // namespace
}  // namespace assayfs
