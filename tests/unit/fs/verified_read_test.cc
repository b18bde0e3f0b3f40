// SPDX-License-Identifier: Apache-2.0
#include "fs/verified_read.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "crypto/file_hash.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::TempDir;

constexpr std::uint64_t kBlock = kTagBlockBytes;

// A file whose bytes differ from block to block, and its tags.
class VerifiedReadTest : public ::testing::Test {
 protected:
  explicit VerifiedReadTest(std::size_t size = 3 * kBlock + 100) {
    for (std::size_t i = 0; i < size; ++i) {
      text_.push_back(static_cast<char>('a' + (i / 7 + i / kBlock) % 26));
    }
    path_ = dir_.Write("file", text_);
    fd_.Reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    tags_ = Must(HashFile(fd_.get(), {HashAlgorithm::kSha256})).tags;
  }

  VerifiedRead Read(std::uint64_t offset, std::size_t size) {
    return Must(ReadVerified(fd_.get(), *tags_, offset, size, buffer_));
  }
  // Changes one byte below the reader.
  void Spoil(off_t offset) {
    const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(fd.get(), "#", 1, offset), 1);
  }

  TempDir dir_;
  std::string text_;
  std::string path_;
  UniqueFd fd_;
  std::shared_ptr<const BlockTags> tags_;
  ByteVector buffer_;
};

TEST_F(VerifiedReadTest, ReadsEveryRange) {
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, kBlock - 1, kBlock, kBlock + 1,
        3 * kBlock, 3 * kBlock + 99}) {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{100}, kBlock, 2 * kBlock, 5 * kBlock}) {
      const VerifiedRead read = Read(offset, size);
      EXPECT_FALSE(read.mismatch);
      EXPECT_EQ(AsText(read.bytes), text_.substr(offset, size))
          << offset << "+" << size;
    }
  }
}

TEST_F(VerifiedReadTest, EndsWhereTheTagsEnd) {
  EXPECT_TRUE(Read(text_.size(), 10).bytes.empty());
  EXPECT_TRUE(Read(10 * kBlock, 10).bytes.empty());
  EXPECT_TRUE(Read(0, 0).bytes.empty());
}

TEST_F(VerifiedReadTest, DoesNotShowWhatWasAppended) {
  ASSERT_EQ(::truncate(path_.c_str(), 10 * kBlock), 0);
  EXPECT_EQ(Read(0, kBlock).bytes.size(), kBlock);
  EXPECT_TRUE(Read(5 * kBlock, kBlock).bytes.empty());
}

TEST_F(VerifiedReadTest, RefusesABlockThatChanged) {
  Spoil(static_cast<off_t>(kBlock + 5));
  const VerifiedRead read = Read(2 * kBlock - 1, 1);
  EXPECT_EQ(read.mismatch, kBlock);
  EXPECT_TRUE(read.bytes.empty());
}

TEST_F(VerifiedReadTest, RefusesARangeWithOneBlockThatChanged) {
  Spoil(static_cast<off_t>(2 * kBlock));
  EXPECT_EQ(Read(0, text_.size()).mismatch, 2 * kBlock);
}

TEST_F(VerifiedReadTest, StillReadsTheOtherBlocks) {
  Spoil(static_cast<off_t>(kBlock));
  EXPECT_EQ(AsText(Read(0, kBlock).bytes), text_.substr(0, kBlock));
  EXPECT_EQ(AsText(Read(2 * kBlock, 50).bytes), text_.substr(2 * kBlock, 50));
}

TEST_F(VerifiedReadTest, RefusesAFileThatBecameShorter) {
  ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(kBlock)), 0);
  EXPECT_FALSE(Read(0, kBlock).mismatch);
  EXPECT_EQ(Read(2 * kBlock, 10).mismatch, 2 * kBlock);
}

TEST_F(VerifiedReadTest, ReportsReadErrors) {
  EXPECT_THAT(ReadVerified(-1, *tags_, 0, 1, buffer_), FailsWith(EBADF));
  EXPECT_THAT(ReadPlain(-1, 0, 1, buffer_), FailsWith(EBADF));
}

TEST_F(VerifiedReadTest, PlainReadsShowTheFileAsItIs) {
  Spoil(1);
  const auto bytes = Must(ReadPlain(fd_.get(), 1, 3, buffer_));
  EXPECT_EQ(AsText(bytes), "#" + text_.substr(2, 2));
  EXPECT_TRUE(Must(ReadPlain(fd_.get(), text_.size(), 3, buffer_)).empty());
}

class LargeReadTest : public VerifiedReadTest {
 protected:
  static constexpr std::size_t kSize = std::size_t{1} << 20;
  LargeReadTest() : VerifiedReadTest(kSize) {}

  void SetUp() override {
    struct statfs info {};
    ASSERT_EQ(::fstatfs(fd_.get(), &info), 0);
    if (info.f_type == TMPFS_MAGIC) GTEST_SKIP() << "pages are the file here";
    ASSERT_EQ(::fsync(fd_.get()), 0);  // what is not written yet must be kept
  }
  // Pages of the lower file that are in memory.
  std::size_t Kept() const {
    void* const memory =
        ::mmap(nullptr, kSize, PROT_READ, MAP_SHARED, fd_.get(), 0);
    std::vector<unsigned char> pages(kSize / 4096);
    EXPECT_EQ(::mincore(memory, kSize, pages.data()), 0);
    ::munmap(memory, kSize);
    return static_cast<std::size_t>(
        std::ranges::count_if(pages, [](unsigned char p) { return p & 1; }));
  }
};

TEST_F(LargeReadTest, KeepsNoPagesThatTheMountKeeps) {
  DropVerified(fd_.get(), {0, kSize});
  EXPECT_EQ(Kept(), 0U);
}

TEST(EndedStretchTest, IsWhatAReadBroughtToAnEnd) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  constexpr std::uint64_t kFile = 2 * kStretchBytes + 5 * kMiB;
  EXPECT_EQ(EndedStretch(0, kMiB, kFile), std::nullopt);
  EXPECT_EQ(EndedStretch(kStretchBytes - kMiB, kMiB, kFile),
            (Stretch{0, kStretchBytes}));
  EXPECT_EQ(EndedStretch(kStretchBytes - 4096, kMiB, kFile),
            (Stretch{0, kStretchBytes}));
  EXPECT_EQ(EndedStretch(kStretchBytes, kMiB, kFile), std::nullopt);
  EXPECT_EQ(EndedStretch(kFile - kMiB, kMiB, kFile),
            (Stretch{2 * kStretchBytes, 5 * kMiB}));
  EXPECT_EQ(EndedStretch(kFile - 4096, kMiB, kFile),
            (Stretch{2 * kStretchBytes, 5 * kMiB}));
}

TEST(EndedStretchTest, IsNothingForSmallReadsAndBehindTheEnd) {
  EXPECT_EQ(EndedStretch(0, 4096, 4096), std::nullopt);
  EXPECT_EQ(EndedStretch(0, std::size_t{1} << 20, 0), std::nullopt);
  EXPECT_EQ(EndedStretch(2 * kStretchBytes, std::size_t{1} << 20, 4096),
            std::nullopt);
}

}  // namespace
}  // namespace assayfs
