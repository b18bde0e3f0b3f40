// SPDX-License-Identifier: Apache-2.0
// Looking at files of a tree.
#include "app/verify/find_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.h"
#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

Digest DigestOf(HashAlgorithm algorithm, const std::string& content) {
  return Must(HashBytes(algorithm, AsBytes(content)));
}

RpmFileMetadata Expected(const std::string& content,
                         HashAlgorithm algorithm = HashAlgorithm::kSha256) {
  RpmFileMetadata expected;
  expected.digest = DigestOf(algorithm, content);
  expected.size_bytes = content.size();
  expected.mode = 0100644;
  expected.verify_flags = 0xffffffff;
  return expected;
}

class FindFileTest : public ::testing::Test {
 protected:
  FindFileTest() {
    std::filesystem::create_directories(dir_ / "tree/etc");
    dir_.Write("outside", "outside");
    root_ = Must(OpenForReading(AT_FDCWD, dir_ / "tree"));
  }
  Result<FoundFile> Find(const std::string& path,
                         const RpmFileMetadata& expected) {
    const std::vector<const RpmFileMetadata*> expectations = {&expected};
    return FileFinder(root_.get()).Find(path, expectations);
  }

  TempDir dir_;
  UniqueFd root_;
};

TEST_F(FindFileTest, HashesInEveryAlgorithmThatIsExpected) {
  dir_.Write("tree/file", "abcd");
  const auto sha256 = Expected("abcd");
  const auto sha512 = Expected("1234", HashAlgorithm::kSha512);
  const auto again = Expected("4321");
  const std::vector<const RpmFileMetadata*> all = {&sha256, &sha512, &again};
  const auto found = Must(FileFinder(root_.get()).Find("/file", all));
  EXPECT_EQ(found.info.st_size, 4);
  EXPECT_EQ(found.capabilities, "");
  EXPECT_THAT(found.digests,
              ElementsAre(DigestOf(HashAlgorithm::kSha256, "abcd"),
                          DigestOf(HashAlgorithm::kSha512, "abcd")));
}

TEST_F(FindFileTest, DoesNotHashContentOfAnotherSize) {
  dir_.Write("tree/file", "abcde");
  EXPECT_TRUE(Must(Find("/file", Expected("abcd"))).digests.empty());
}

TEST_F(FindFileTest, DoesNotReadWhatNoTestNeeds) {
  dir_.Write("tree/file", "abcd");
  RpmFileMetadata expected = Expected("abcd");
  expected.verify_flags = kRpmVerifySize;
  const auto found = Must(Find("/file", expected));
  EXPECT_TRUE(found.digests.empty());
  EXPECT_EQ(found.capabilities, std::nullopt);
}

TEST_F(FindFileTest, DoesNotFollowALinkInTheLastComponent) {
  dir_.Write("tree/file", "abcd");
  std::filesystem::create_symlink("file", dir_ / "tree/link");
  const auto found = Must(Find("/link", Expected("abcd")));
  EXPECT_TRUE(S_ISLNK(found.info.st_mode));
  EXPECT_EQ(found.link_target, "file");
  EXPECT_TRUE(found.digests.empty());
}

TEST_F(FindFileTest, LinksAreFollowedInsideTheTree) {
  std::filesystem::create_directories(dir_ / "tree/usr/bin");
  dir_.Write("tree/usr/bin/true", "true");
  std::filesystem::create_symlink("usr/bin", dir_ / "tree/bin");
  std::filesystem::create_symlink("/usr/bin", dir_ / "tree/sbin");
  for (const auto path : {"/bin/true", "/sbin/true", "/../bin/true"}) {
    EXPECT_EQ(Must(Find(path, Expected("true"))).digests.size(), 1u) << path;
  }
}

TEST_F(FindFileTest, NoLinkLeadsOut) {
  std::filesystem::create_symlink(dir_.path(), dir_ / "tree/absolute");
  std::filesystem::create_symlink("../..", dir_ / "tree/etc/relative");
  EXPECT_THAT(Find("/absolute/outside", Expected("outside")),
              FailsWith(ENOENT));
  EXPECT_THAT(Find("/etc/relative/outside", Expected("outside")),
              FailsWith(ENOENT));
}

TEST_F(FindFileTest, FindsTheFolderBehindALink) {
  std::filesystem::create_directories(dir_ / "tree/usr/bin");
  std::filesystem::create_symlink("/usr/bin", dir_ / "tree/bin");
  std::filesystem::create_symlink(dir_.path(), dir_ / "tree/out");
  std::filesystem::create_symlink("loop", dir_ / "tree/loop");
  RpmFileMetadata folder;
  folder.mode = 040755;
  const auto found = Must(Find("/bin", folder));
  EXPECT_TRUE(S_ISLNK(found.info.st_mode));
  ASSERT_TRUE(found.folder_behind);
  EXPECT_TRUE(S_ISDIR(found.folder_behind->st_mode));
  EXPECT_FALSE(Must(Find("/out", folder)).folder_behind);
  EXPECT_FALSE(Must(Find("/loop", folder)).folder_behind);
  EXPECT_FALSE(Must(Find("/bin", Expected("x"))).folder_behind);
}

TEST_F(FindFileTest, FoldersAreNotMixedUp) {
  std::filesystem::create_directories(dir_ / "tree/usr/bin");
  dir_.Write("tree/etc/name", "1");
  dir_.Write("tree/usr/name", "22");
  dir_.Write("tree/usr/bin/name", "333");
  dir_.Write("tree/name", "4444");
  std::filesystem::create_symlink("usr", dir_ / "tree/link");
  FileFinder finder(root_.get());
  for (const auto& [path, size] :
       std::vector<std::pair<std::string, int>>{{"/etc/name", 1},
                                                {"/usr/name", 2},
                                                {"/usr/bin/name", 3},
                                                {"/usr/name", 2},
                                                {"/link/name", 2},
                                                {"/name", 4},
                                                {"name", 4},
                                                {"usr/bin/../name", 2}}) {
    EXPECT_EQ(Must(finder.Find(path, {})).info.st_size, size) << path;
  }
  EXPECT_THAT(finder.Find("/link/bin/no", {}), FailsSaying(ENOENT, "/link"));
}

TEST_F(FindFileTest, NamesThatLeadUpOrNowhere) {
  struct stat root {};
  ASSERT_EQ(::fstat(root_.get(), &root), 0);
  FileFinder finder(root_.get());
  for (const auto path : {"/", "/..", "/etc/..", "..", ".", "/etc/../../."}) {
    EXPECT_EQ(Must(finder.Find(path, {})).info.st_ino, root.st_ino) << path;
  }
  dir_.Write("tree/file", "");
  EXPECT_THAT(finder.Find("/file/", {}), FailsWith(ENOTDIR));
  EXPECT_THAT(finder.Find("/file/..", {}), FailsWith(ENOTDIR));
}

// Whoever opens a FIFO for reading waits for its writer.
TEST_F(FindFileTest, OnlyLooksAtWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo((dir_ / "tree/fifo").c_str(), 0600), 0);
  const auto found = Must(Find("/fifo", Expected("")));
  EXPECT_TRUE(S_ISFIFO(found.info.st_mode));
  EXPECT_TRUE(found.digests.empty());
}

TEST_F(FindFileTest, SaysWhyThereIsNoFile) {
  dir_.Write("tree/file", "");
  EXPECT_THAT(Find("/missing", Expected("")), FailsSaying(ENOENT, "/missing"));
  EXPECT_THAT(Find("/file/x", Expected("")), FailsWith(ENOTDIR));
  EXPECT_THAT(Find("", Expected("")), FailsWith(ENOENT));
  EXPECT_THAT(Find("/" + std::string(300, 'n'), Expected("")),
              FailsWith(ENAMETOOLONG));
}

}  // namespace
}  // namespace assayfs
