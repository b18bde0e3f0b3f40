// SPDX-License-Identifier: Apache-2.0
#include "appraise/tree_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/unique_fd.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

namespace fs = std::filesystem;

class TreeSpellingsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Of(int fd) const {
    return TreeSpellings(root_.get(), fd);
  }
  UniqueFd Open(const std::string& name) const {
    return UniqueFd(::open((dir_ / name).c_str(), O_RDONLY | O_CLOEXEC));
  }

  testing::TempDir dir_;
  const UniqueFd root_{::open(dir_.path().c_str(), O_PATH | O_CLOEXEC)};
};

TEST_F(TreeSpellingsTest, AFileIsCalledAsItIsNow) {
  dir_.Write("a", "a");
  const UniqueFd fd = Open("a");
  EXPECT_EQ(Of(fd.get()), (std::vector<std::string>{"/a", dir_ / "a"}));
  fs::rename(dir_ / "a", dir_ / "b");
  EXPECT_EQ(Of(fd.get()), (std::vector<std::string>{"/b", dir_ / "b"}));
}

TEST_F(TreeSpellingsTest, AFileOfSeveralNamesMayBeUsedByAnyOfThem) {
  dir_.Write("a", "a");
  fs::create_hard_link(dir_ / "a", dir_ / "b");
  const UniqueFd fd = Open("b");
  EXPECT_TRUE(Of(fd.get()).empty());
  fs::remove(dir_ / "a");
  EXPECT_EQ(Of(fd.get()), (std::vector<std::string>{"/b", dir_ / "b"}));
}

TEST_F(TreeSpellingsTest, ANameThatWentIsNone) {
  dir_.Write("a", "a");
  fs::create_hard_link(dir_ / "a", dir_ / "b");
  const UniqueFd fd = Open("b");
  fs::remove(dir_ / "b");
  EXPECT_EQ(TreePath(root_.get(), fd.get()), "/b (deleted)");
  EXPECT_TRUE(Of(fd.get()).empty());
  dir_.Write("b (deleted)", "another");
  EXPECT_TRUE(Of(fd.get()).empty());
}

TEST_F(TreeSpellingsTest, APathThatIsTooLongIsNotKnown) {
  const std::string name(250, 'd');
  UniqueFd folder(::open(dir_.path().c_str(), O_PATH | O_CLOEXEC));
  for (int depth = 0; depth < 18; ++depth) {
    ASSERT_EQ(::mkdirat(folder.get(), name.c_str(), 0755), 0);
    folder.Reset(::openat(folder.get(), name.c_str(), O_PATH | O_CLOEXEC));
    ASSERT_TRUE(folder);
  }
  const UniqueFd fd(
      ::openat(folder.get(), "a", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(fd);
  EXPECT_EQ(TreePath(root_.get(), fd.get()), "?");
  EXPECT_TRUE(Of(fd.get()).empty());
}

TEST_F(TreeSpellingsTest, AFolderHasOnePath) {
  fs::create_directories(dir_ / "a/b");
  EXPECT_EQ(Of(Open("a").get()), (std::vector<std::string>{"/a", dir_ / "a"}));
}

// A system with merged /usr: /bin is a link to usr/bin.
class LeadsToTest : public ::testing::Test {
 protected:
  LeadsToTest() {
    fs::create_directories(dir_ / "system/usr/bin");
    fs::create_symlink("usr/bin", dir_ / "system/bin");
    dir_.Write("system/usr/bin/a", "a");
  }
  // tree: the folder that is the root of the tree.
  bool Leads(std::string_view listed, const std::string& tree = "system",
             const std::string& file = "system/usr/bin/a") const {
    const UniqueFd root(::open((dir_ / tree).c_str(), O_PATH | O_CLOEXEC));
    const UniqueFd fd(::open((dir_ / file).c_str(), O_RDONLY | O_CLOEXEC));
    return LeadsTo(root.get(), listed, fd.get());
  }

  testing::TempDir dir_;
};

TEST_F(LeadsToTest, ThePathInTheTreeDoes) {
  EXPECT_TRUE(Leads("/usr/bin/a"));
  EXPECT_FALSE(Leads("/usr/bin/b"));
  EXPECT_FALSE(Leads("/usr/bin"));
  EXPECT_FALSE(Leads("/"));
  EXPECT_FALSE(Leads(""));
}

TEST_F(LeadsToTest, FoldersMayBeLinks) { EXPECT_TRUE(Leads("/bin/a")); }

TEST_F(LeadsToTest, TheFileMayNotBeALink) {
  fs::create_symlink("a", dir_ / "system/usr/bin/link");
  EXPECT_FALSE(Leads("/usr/bin/link"));
}

TEST_F(LeadsToTest, EachHardLinkDoes) {
  fs::create_hard_link(dir_ / "system/usr/bin/a", dir_ / "system/usr/bin/b");
  EXPECT_TRUE(Leads("/usr/bin/b"));
  EXPECT_TRUE(Leads("/usr/bin/a"));
}

TEST_F(LeadsToTest, ACopyIsAnotherFile) {
  dir_.Write("system/usr/bin/copy", "a");
  EXPECT_FALSE(Leads("/usr/bin/a", "system", "system/usr/bin/copy"));
}

TEST_F(LeadsToTest, NoLinkLeadsOutOfTheTree) {
  dir_.Write("outside", "a");
  fs::create_symlink("../..", dir_ / "system/usr/up");
  EXPECT_FALSE(Leads("/usr/up/outside", "system", "outside"));
  EXPECT_FALSE(Leads("/../outside", "system", "outside"));
}

TEST_F(LeadsToTest, WhereTheTreeIsPartOfASystemItsOwnPathCounts) {
  EXPECT_TRUE(Leads(dir_ / "system/usr/bin/a", "system/usr"));
  EXPECT_TRUE(Leads("/bin/a", "system/usr"));
}

TEST_F(LeadsToTest, AFolderCalledUsrIsSlashUsr) {
  EXPECT_TRUE(Leads("/usr/bin/a", "system/usr"));
  EXPECT_FALSE(Leads("/usr/a", "system/usr/bin"));
}

TEST_F(LeadsToTest, AZeroByteEndsNoPath) {
  EXPECT_FALSE(Leads(std::string_view("/usr/bin/a\0b", 12)));
}

}  // namespace
}  // namespace assayfs
