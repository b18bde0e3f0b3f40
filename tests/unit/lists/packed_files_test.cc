// SPDX-License-Identifier: Apache-2.0
#include "lists/packed_files.h"

#include "support/fakes.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Digest Filled(HashAlgorithm algorithm) {
  return *Digest::FromBytes(algorithm,
                            ByteVector(DigestBytes(algorithm), std::byte{7}));
}

TEST(PackedFilesTest, GivesBackWhatWentIn) {
  const PackedFiles files({{DigestOf("a"), "/a", {}},
                           {DigestOf("b"), "", {}},
                           {DigestOf("c"), "/usr/bin/c", 0100755}});
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files.DigestOf(0), DigestOf("a"));
  EXPECT_EQ(files.DigestOf(1), DigestOf("b"));
  EXPECT_EQ(files.DigestOf(2), DigestOf("c"));
  EXPECT_EQ(files.PathOf(0), "/a");
  EXPECT_EQ(files.PathOf(1), "");
  EXPECT_EQ(files.PathOf(2), "/usr/bin/c");
  EXPECT_THAT(files.Algorithms(), ElementsAre(HashAlgorithm::kSha256));
}

TEST(PackedFilesTest, EachFileMayHaveAnotherAlgorithm) {
  const PackedFiles files({{Filled(HashAlgorithm::kSha512), "/long", {}},
                           {Filled(HashAlgorithm::kMd5), "/short", {}},
                           {Filled(HashAlgorithm::kSha512), "/again", {}}});
  EXPECT_EQ(files.DigestOf(0), Filled(HashAlgorithm::kSha512));
  EXPECT_EQ(files.DigestOf(1), Filled(HashAlgorithm::kMd5));
  EXPECT_EQ(files.DigestOf(2), Filled(HashAlgorithm::kSha512));
  EXPECT_THAT(files.Algorithms(),
              ElementsAre(HashAlgorithm::kMd5, HashAlgorithm::kSha512));
}

TEST(PackedFilesTest, ThereMayBeNone) {
  EXPECT_EQ(PackedFiles().size(), 0U);
  EXPECT_EQ(PackedFiles(std::vector<ListedFile>()).size(), 0U);
  EXPECT_THAT(PackedFiles().Algorithms(), IsEmpty());
}

}  // namespace
}  // namespace assayfs
