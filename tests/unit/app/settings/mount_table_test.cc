// SPDX-License-Identifier: Apache-2.0
#include "app/settings/mount_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::SizeIs;

constexpr std::string_view kTable =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "40 22 0:35 / /usr rw - fuse.assayfs /usr rw,user_id=0\n"
    "41 22 0:36 /x /mnt/a\\040b\\134 ro shared:2 master:3 - fuse.assayfs "
    "/some\\040where rw\n"
    "42 40 0:37 / /usr rw - tmpfs tmpfs rw\n"
    "43 22 0:38 / /user rw - tmpfs tmpfs rw\n";

TEST(MountTableTest, ReadsEveryColumnAndUndoesEscapes) {
  const auto table = ParseMountTable(kTable);
  ASSERT_THAT(table, SizeIs(5));
  EXPECT_EQ(table[2].id, 41U);
  EXPECT_EQ(table[2].parent, 22U);
  EXPECT_EQ(table[2].device, "0:36");
  EXPECT_EQ(table[2].root, "/x");
  EXPECT_EQ(table[2].mount_point, "/mnt/a b\\");
  EXPECT_EQ(table[2].type, kMountType);
  EXPECT_EQ(table[2].source, "/some where");
}

TEST(MountTableTest, LeavesOddLinesOut) {
  EXPECT_THAT(ParseMountTable("\n1 2 3\n - a b\nx y z / / rw - t\n"),
              SizeIs(0));
}

TEST(MountTableTest, OfTwoMountsOnOnePlaceTheLaterIsOnTop) {
  const auto table = ParseMountTable(kTable);
  EXPECT_EQ(FindMountPoint(table, "/usr")->id, 42U);
  EXPECT_EQ(FindMountOf(table, "/usr/bin")->id, 42U);
  EXPECT_EQ(FindMountPoint(table, "/usr/bin"), nullptr);
}

TEST(MountTableTest, ANameThatBeginsAlikeIsNotBelow) {
  const auto table = ParseMountTable(kTable);
  EXPECT_EQ(FindMountOf(table, "/user/x")->id, 43U);
  EXPECT_EQ(FindMountOf(table, "/usrlocal")->id, 22U);
}

TEST(MountTableTest, PathBelowStartsWithSlash) {
  EXPECT_EQ(PathBelow("/usr", "/usr/bin/x"), "/bin/x");
  EXPECT_EQ(PathBelow("/usr", "/usr"), "/");
  EXPECT_EQ(PathBelow("/", "/bin"), "/bin");
  EXPECT_EQ(PathBelow("/", "/"), "/");
}

TEST(MountTableTest, OwnTableHasARoot) {
  const auto table = testing::Must(ReadOwnMountTable());
  EXPECT_NE(FindMountOf(table, "/"), nullptr);
}

}  // namespace
}  // namespace assayfs
