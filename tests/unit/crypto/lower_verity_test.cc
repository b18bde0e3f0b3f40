// SPDX-License-Identifier: Apache-2.0
// What is read out of descriptors. The kernel itself is asked only for a file
// that ASSAYFS_VERITY_FILE names, because few machines have one.
#include "crypto/lower_verity.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <string>

#include "base/files.h"
#include "crypto/hasher.h"
#include "crypto/verity_hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::TempDir;

// The descriptor of a file "abc": `fsverity digest --out-descriptor=FILE` of
// Debian's fsverity 1.5.
constexpr std::string_view kStart = "01010c00000000000300000000000000";
ByteVector Descriptor() {
  ByteVector block = ToVector(AsBytes("abc"));
  block.resize(kVerityBlockBytes);
  const auto root = Must(HashBytes(HashAlgorithm::kSha256, block));
  auto bytes = FromHex(kStart).value();
  AppendBytes(bytes, root.value());
  bytes.resize(kVerityDescriptorBytes);
  return bytes;
}

// Nothing if byte number at is value.
std::optional<VerityFile> With(std::size_t at, int value) {
  auto bytes = Descriptor();
  bytes.at(at) = static_cast<std::byte>(value);
  return ReadVerityDescriptor(bytes);
}

TEST(LowerVerityTest, ADescriptorStandsForTheDigestOfTheContent) {
  const auto digest = ReadVerityDescriptor(Descriptor());
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->digest,
            Must(HashBytes(HashAlgorithm::kVeritySha256, AsBytes("abc"))));
  EXPECT_EQ(digest->file_bytes, 3U);
}

TEST(LowerVerityTest, KnowsSha512AndLargeFiles) {
  const auto root = Must(HashBytes(HashAlgorithm::kSha512, {}));
  const auto bytes = WriteVerityDescriptor(HashAlgorithm::kVeritySha512,
                                           0x0102030405060708, root.value());
  const auto digest = ReadVerityDescriptor(bytes);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->digest.algorithm(), HashAlgorithm::kVeritySha512);
  EXPECT_EQ(digest->file_bytes, 0x0102030405060708U);
  EXPECT_EQ(digest->digest.Hex(),
            Must(HashBytes(HashAlgorithm::kSha512, bytes)).Hex());
}

TEST(LowerVerityTest, WhatIsComputedInAnotherWayIsNotKnown) {
  EXPECT_TRUE(With(0, 1));
  EXPECT_FALSE(With(0, 2)) << "version";
  EXPECT_FALSE(With(1, 0)) << "hash";
  EXPECT_FALSE(With(1, 3)) << "hash";
  EXPECT_FALSE(With(2, 10)) << "block size";
  EXPECT_FALSE(With(3, 8)) << "salt";
  EXPECT_FALSE(With(4, 1)) << "signature";
  EXPECT_FALSE(With(16 + 32, 1)) << "behind the root";
  EXPECT_FALSE(With(16 + 64, 1)) << "salt";
  EXPECT_FALSE(With(255, 1)) << "reserved";
}

TEST(LowerVerityTest, NothingShorterOrLongerIsADescriptor) {
  const auto bytes = Descriptor();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadVerityDescriptor(Bytes(bytes).first(size))) << size;
  }
  auto longer = bytes;
  longer.push_back({});
  EXPECT_FALSE(ReadVerityDescriptor(longer));
}

TEST(LowerVerityTest, OtherFilesHaveNoDigest) {
  const TempDir dir;
  const auto fd = Must(OpenForReading(AT_FDCWD, dir.Write("file", "abc")));
  EXPECT_FALSE(AskVerity(fd.get(), Pages::kDropped));
  EXPECT_FALSE(AskVerity(-1, Pages::kAny));
}

TEST(LowerVerityTest, PagesThatSomebodyHoldsAreSeen) {
  const TempDir dir;
  const std::string path = dir.Write("file", std::string(10000, 'x'));
  const auto fd = Must(OpenForReading(AT_FDCWD, path));
  void* const mapped =
      ::mmap(nullptr, 10000, PROT_READ, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  ASSERT_EQ(*static_cast<const volatile char*>(mapped), 'x');
  EXPECT_FALSE(DropAllPages(fd.get(), 10000));
  ::munmap(mapped, 10000);
  EXPECT_TRUE(DropAllPages(fd.get(), 0));
  EXPECT_FALSE(DropAllPages(-1, 1));
}

// A file with fs-verity, of any content: see the beginning.
TEST(LowerVerityTest, TheKernelGivesTheDigestThatIsComputed) {
  const char* const name = std::getenv("ASSAYFS_VERITY_FILE");
  if (name == nullptr) GTEST_SKIP() << "ASSAYFS_VERITY_FILE is not set";
  const auto fd = Must(OpenForReading(AT_FDCWD, name));
  const auto digest = AskVerity(fd.get(), Pages::kDropped);
  ASSERT_TRUE(digest);
  const std::string content = testing::ReadText(name);
  EXPECT_EQ(digest->file_bytes, content.size());
  EXPECT_EQ(digest->digest,
            Must(HashBytes(digest->digest.algorithm(), AsBytes(content))));
}

}  // namespace
}  // namespace assayfs
