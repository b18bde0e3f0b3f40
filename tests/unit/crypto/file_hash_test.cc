// SPDX-License-Identifier: Apache-2.0
// HashFile: whole files, several algorithms, block tags.
#include "crypto/file_hash.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

// Content without a period that fits a block.
std::string Content(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(i % 251);
  }
  return text;
}

class FileHashTest : public ::testing::Test {
 protected:
  UniqueFd Open(std::string_view content) {
    return Must(OpenForReading(AT_FDCWD, dir_.Write("file", content)));
  }

  TempDir dir_;
};

TEST_F(FileHashTest, HashesSizesAroundEveryBorder) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kTagBlockBytes - 1, kTagBlockBytes,
        kTagBlockBytes + 1, kReadBytes - 1, kReadBytes, kReadBytes + 1,
        2 * kReadBytes + 5000}) {
    const std::string content = Content(size);
    const UniqueFd fd = Open(content);
    const auto hash = Must(HashFile(fd.get(), {HashAlgorithm::kSha256}));
    EXPECT_EQ(hash.bytes, size);
    ASSERT_EQ(hash.digests.size(), 1u);
    EXPECT_EQ(hash.digests[0],
              Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content))));
    EXPECT_EQ(hash.tags->file_bytes(), size);
  }
}

TEST_F(FileHashTest, ComputesEveryAlgorithmInTheOrderAskedFor) {
  std::vector<HashAlgorithm> algorithms;
  for (std::size_t i = kHashAlgorithmCount; i > 0; --i) {
    algorithms.push_back(static_cast<HashAlgorithm>(i - 1));
  }
  const UniqueFd fd = Open("abc");
  const auto hash = Must(HashFile(fd.get(), algorithms));
  ASSERT_EQ(hash.digests.size(), kHashAlgorithmCount);
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    EXPECT_EQ(hash.digests[i], Must(HashBytes(algorithms[i], AsBytes("abc"))));
  }
}

TEST_F(FileHashTest, TagsMatchEveryBlockOfTheFile) {
  const std::string content = Content(kReadBytes + kTagBlockBytes + 7);
  const UniqueFd fd = Open(content);
  const auto hash = Must(HashFile(fd.get(), {HashAlgorithm::kSha256}));
  Bytes rest = AsBytes(content);
  for (std::uint64_t index = 0; !rest.empty(); ++index) {
    const Bytes block = rest.first(std::min(rest.size(), kTagBlockBytes));
    EXPECT_TRUE(hash.tags->Matches(index, block)) << index;
    rest = rest.subspan(block.size());
  }
}

TEST_F(FileHashTest, ReadsFromTheStartWhateverThePosition) {
  const UniqueFd fd = Open("abc");
  ASSERT_EQ(::lseek(fd.get(), 2, SEEK_SET), 2);
  const auto hash = Must(HashFile(fd.get(), {HashAlgorithm::kMd5}));
  EXPECT_EQ(hash.digests[0],
            Must(HashBytes(HashAlgorithm::kMd5, AsBytes("abc"))));
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 2);
}

TEST_F(FileHashTest, StopsWhenCancelled) {
  const UniqueFd fd = Open("abc");
  EXPECT_THAT(HashFile(fd.get(), {HashAlgorithm::kSha256}, [] { return true; }),
              FailsSaying(EINTR, "given up"));
}

TEST_F(FileHashTest, GoesOnUnlessCancelled) {
  const UniqueFd fd = Open("abc");
  EXPECT_TRUE(
      HashFile(fd.get(), {HashAlgorithm::kSha256}, [] { return false; }));
}

TEST_F(FileHashTest, ReportsReadErrors) {
  EXPECT_THAT(HashFile(-1, {HashAlgorithm::kSha256}), FailsWith(EBADF));
  const auto folder = Must(OpenForReading(AT_FDCWD, dir_.path()));
  EXPECT_THAT(HashFile(folder.get(), {HashAlgorithm::kSha256}),
              FailsWith(EISDIR));
}

TEST_F(FileHashTest, GoesOnWhereItWasGivenUp) {
  const std::string content = Content(3 * kReadBytes + 7);
  const UniqueFd fd = Open(content);
  FileHasher pass = Must(FileHasher::Create({HashAlgorithm::kSha256}));
  int asked = 0;
  EXPECT_THAT(pass.Run(fd.get(), [&] { return ++asked > 2; }),
              FailsWith(EINTR));
  EXPECT_EQ(pass.bytes(), 2 * kReadBytes);
  // Another descriptor, and nothing is read twice.
  const UniqueFd other = Must(OpenForReading(AT_FDCWD, dir_ / "file"));
  asked = 0;
  const auto hash = Must(pass.Run(other.get(), [&] {
    ++asked;
    return false;
  }));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(hash.bytes, content.size());
  EXPECT_EQ(hash.digests[0],
            Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content))));
  EXPECT_TRUE(hash.tags->AgreesWith(
      *Must(HashFile(fd.get(), {HashAlgorithm::kSha256})).tags));
}

TEST_F(FileHashTest, DigestsAloneAreTheSame) {
  constexpr std::size_t kChunk = std::size_t{128} << 10;
  const std::vector<HashAlgorithm> both = {HashAlgorithm::kSha512,
                                           HashAlgorithm::kSha256};
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunk - 1,
                                 kChunk, kChunk + 1, 3 * kChunk + 5000}) {
    const UniqueFd fd = Open(Content(size));
    EXPECT_EQ(Must(DigestFile(fd.get(), both, size)),
              Must(HashFile(fd.get(), both)).digests);
  }
}

TEST_F(FileHashTest, DigestsOfNoMoreThanTheLimit) {
  const UniqueFd fd = Open("abcd");
  EXPECT_TRUE(DigestFile(fd.get(), {HashAlgorithm::kSha256}, 4));
  EXPECT_THAT(DigestFile(fd.get(), {HashAlgorithm::kSha256}, 3),
              FailsSaying(EFBIG, "larger than 3 bytes"));
  EXPECT_THAT(DigestFile(-1, {HashAlgorithm::kSha256}, 3), FailsWith(EBADF));
}

}  // namespace
}  // namespace assayfs
