// SPDX-License-Identifier: Apache-2.0
// Names and numbers of passwd(5) and group(5).
#include "appraise/accounts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;
using testing::TempDir;

TEST(AccountsTest, MatchesNamesAndNumbers) {
  const Accounts users(
      "root:x:0:0::/root:/bin/sh\n"
      "daemon:x:42:1:daemon:/:/sbin/nologin\n"
      "tty:x:5:");
  EXPECT_TRUE(users.Match("daemon", 42));
  EXPECT_TRUE(users.Match("tty", 5));
  EXPECT_FALSE(users.Match("daemon", 5));
  EXPECT_FALSE(users.Match("nobody", 42));
  EXPECT_FALSE(users.Match("", 7));
}

TEST(AccountsTest, RootIsZeroWhateverTheTextSays) {
  EXPECT_TRUE(Accounts().Match("root", 0));
  const Accounts users("toor:x:0:0\nroot:x:7:7\nalso:x:0:0\n");
  EXPECT_TRUE(users.Match("root", 0));
  EXPECT_FALSE(users.Match("root", 8));
  EXPECT_FALSE(users.Match("toor", 0));
  EXPECT_FALSE(users.Match("also", 0));
}

// rpm takes either direction: one number may have two names.
TEST(AccountsTest, OneDirectionIsEnough) {
  const Accounts users("first:x:7:7\nsecond:x:7:7\nfirst:x:8:8\n");
  EXPECT_TRUE(users.Match("first", 7));
  EXPECT_TRUE(users.Match("second", 7));
  EXPECT_TRUE(users.Match("first", 8));
  EXPECT_FALSE(users.Match("second", 8));
}

TEST(AccountsTest, LeavesOutWhatIsNoAccount) {
  const Accounts users(
      "\n:::\n:x:5:\na\nb:x\nc:x:\nd:x:-1:\ne:x:1x:\n"
      "f:x:4294967296:\ng:x: 1:\n+@netgroup\nlast:x:4294967295:");
  for (const auto name : {"", "a", "b", "c", "d", "e", "f", "g"}) {
    for (const std::uint32_t number : {1u, 5u, 0xffffffffu}) {
      EXPECT_FALSE(users.Match(name, number)) << name;
    }
  }
  EXPECT_TRUE(users.Match("last", 0xffffffff));
}

class OwnersTest : public ::testing::Test {
 protected:
  OwnersTest() {
    std::filesystem::create_directories(dir_ / "tree/etc");
    root_ = Must(OpenForReading(AT_FDCWD, dir_ / "tree"));
  }

  TempDir dir_;
  UniqueFd root_;
};

TEST_F(OwnersTest, ReadsTheAccountsOfTheTree) {
  EXPECT_FALSE(Must(ReadOwners(root_.get())).users.Match("daemon", 4242));
  dir_.Write("tree/etc/passwd", "daemon:x:4242:1:\n");
  std::filesystem::create_symlink("/etc/group-", dir_ / "tree/etc/group");
  dir_.Write("tree/etc/group-", "tty:x:4343:\n");
  const auto owners = Must(ReadOwners(root_.get()));
  EXPECT_TRUE(owners.users.Match("daemon", 4242));
  EXPECT_TRUE(owners.groups.Match("tty", 4343));
  EXPECT_FALSE(owners.users.Match("tty", 4343));
}

TEST_F(OwnersTest, RefusesAccountsThatAreNoFile) {
  ASSERT_EQ(::mkfifo((dir_ / "tree/etc/passwd").c_str(), 0600), 0);
  EXPECT_THAT(ReadOwners(root_.get()),
              FailsSaying(EINVAL, "etc/passwd: no regular file"));
}

TEST_F(OwnersTest, RefusesAccountsOfAnySize) {
  std::filesystem::resize_file(dir_.Write("tree/etc/group", ""),
                               (16 << 20) + 1);
  EXPECT_THAT(ReadOwners(root_.get()), FailsSaying(EFBIG, "etc/group"));
}

}  // namespace
}  // namespace assayfs
