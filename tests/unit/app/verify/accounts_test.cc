// SPDX-License-Identifier: Apache-2.0
// Names and numbers of passwd(5) and group(5).
#include "app/verify/accounts.h"

#include <gtest/gtest.h>

namespace assayfs {
namespace {

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

}  // namespace
}  // namespace assayfs
