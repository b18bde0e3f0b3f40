// SPDX-License-Identifier: Apache-2.0
// The accounts of a tree, followed.
#include "appraise/tree_owners.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;
using testing::TempDir;

class TreeOwnersTest : public ::testing::Test {
 protected:
  TreeOwnersTest() {
    std::filesystem::create_directories(dir_ / "system/usr");
    std::filesystem::create_directories(dir_ / "system/etc");
  }
  UniqueFd Root(const std::string& path) {
    return UniqueFd(::open((dir_ / path).c_str(), O_PATH | O_CLOEXEC));
  }
  static bool Knows(const TreeOwners& owners, const char* user, uid_t uid) {
    return Must(owners.Current())->users.Match(user, uid);
  }

  TempDir dir_;
};

TEST_F(TreeOwnersTest, FollowsChanges) {
  const UniqueFd root = Root("system");
  const TreeOwners owners(root.get());
  EXPECT_FALSE(Knows(owners, "daemon", 42));
  dir_.Write("system/etc/passwd", "daemon:x:42:\n");
  EXPECT_TRUE(Knows(owners, "daemon", 42));
  EXPECT_EQ(Must(owners.Current()), Must(owners.Current()));
  // As those who add accounts do it: another file takes the place.
  dir_.Write("system/etc/passwd+", "daemon:x:43:\n");
  std::filesystem::rename(dir_ / "system/etc/passwd+",
                          dir_ / "system/etc/passwd");
  EXPECT_FALSE(Knows(owners, "daemon", 42));
  EXPECT_TRUE(Knows(owners, "daemon", 43));
  dir_.Write("system/etc/group", "tty:x:5:\n");
  EXPECT_TRUE(Must(owners.Current())->groups.Match("tty", 5));
}

TEST_F(TreeOwnersTest, TakesThoseBesideATreeWithoutAny) {
  dir_.Write("system/etc/passwd", "daemon:x:42:\n");
  const UniqueFd root = Root("system/usr");
  const TreeOwners owners(root.get());
  EXPECT_TRUE(Knows(owners, "daemon", 42));
  // As on systems that keep defaults there.
  std::filesystem::create_directory(dir_ / "system/usr/etc");
  EXPECT_TRUE(Knows(owners, "daemon", 42));
  dir_.Write("system/usr/etc/passwd", "");
  EXPECT_FALSE(Knows(owners, "daemon", 42));
}

TEST_F(TreeOwnersTest, TellsWhatCannotBeRead) {
  dir_.Write("system/etc/passwd", "");
  std::filesystem::create_directory(dir_ / "system/etc/group");
  const UniqueFd root = Root("system");
  EXPECT_THAT(TreeOwners(root.get()).Current(),
              FailsSaying(EINVAL, "etc/group: no regular file"));
}

}  // namespace
}  // namespace assayfs
