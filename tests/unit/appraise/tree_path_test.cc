// SPDX-License-Identifier: Apache-2.0
#include "appraise/tree_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/unique_fd.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

namespace fs = std::filesystem;

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
