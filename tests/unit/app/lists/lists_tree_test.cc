// SPDX-License-Identifier: Apache-2.0
#include "app/lists/lists_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

// Origin: `printf abcd | sha256sum`.
constexpr std::string_view kAbcd =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

TreeOptions FromRoot(const std::string& root) {
  TreeOptions options;
  options.root = root;
  return options;
}

TEST(ListsTreeTest, HashesAllFilesInOrderOfTheirPaths) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "usr/bin");
  dir.Write("usr/bin/b", "abcd");
  dir.Write("usr/a", "");
  dir.Write("usr/bin.conf", "1");
  const auto files = Must(HashTree(dir / "usr", FromRoot(dir.path())));
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].path, "/usr/a");
  EXPECT_EQ(files[1].path, "/usr/bin.conf");
  EXPECT_EQ(files[2].path, "/usr/bin/b");
  EXPECT_EQ(files[2].digest.Hex(), kAbcd);
}

TEST(ListsTreeTest, RecordsAbsolutePathsWithoutARoot) {
  const TempDir dir;
  const auto path = dir.Write("a", "abcd");
  const auto files = Must(HashTree(path, {}));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, path);
}

TEST(ListsTreeTest, UsesTheAlgorithmAskedFor) {
  const TempDir dir;
  TreeOptions options;
  options.algorithm = HashAlgorithm::kSha512;
  const auto files = Must(HashTree(dir.Write("a", "abcd"), options));
  EXPECT_EQ(files.at(0).digest.algorithm(), HashAlgorithm::kSha512);
}

TEST(ListsTreeTest, FollowsALinkGivenButNoneBelow) {
  const TempDir dir;
  const TempDir outside;
  outside.Write("secret", "x");
  std::filesystem::create_directory(dir / "real");
  dir.Write("real/a", "abcd");
  std::filesystem::create_symlink(outside.path(), dir / "real/out");
  std::filesystem::create_symlink("a", dir / "real/link");
  std::filesystem::create_symlink("real", dir / "given");
  const auto files = Must(HashTree(dir / "given", FromRoot(dir.path())));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "/real/a");
}

TEST(ListsTreeTest, LeavesOutWhatIsNoRegularFile) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(Must(HashTree(dir.path(), {})).empty());
}

TEST(ListsTreeTest, TellsHowFarItIs) {
  const TempDir dir;
  dir.Write("a", "1");
  dir.Write("b", "2");
  std::vector<std::size_t> seen;
  TreeOptions options;
  options.progress = [&](std::size_t count) { seen.push_back(count); };
  Must(HashTree(dir.path(), options));
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2}));
}

TEST(ListsTreeTest, RefusesAPathOutsideTheRoot) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "root");
  const auto path = dir.Write("root2", "x");
  EXPECT_THAT(HashTree(path, FromRoot(dir / "root")),
              FailsSaying(EINVAL, "not below"));
}

TEST(ListsTreeTest, RefusesASpecialFile) {
  EXPECT_THAT(HashTree("/dev/null", {}), FailsWith(EINVAL));
}

TEST(ListsTreeTest, NamesAMissingPath) {
  const TempDir dir;
  EXPECT_THAT(HashTree(dir / "missing", {}), FailsSaying(ENOENT, "missing"));
}

}  // namespace
}  // namespace assayfs
