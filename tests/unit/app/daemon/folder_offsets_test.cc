// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/folder_offsets.h"

#include <gtest/gtest.h>

namespace assayfs {
namespace {

MountEntry Mounted(const char* where, const char* type) {
  MountEntry entry;
  entry.mount_point = where;
  entry.type = type;
  return entry;
}

TEST(FolderOffsetsTest, LastIfTheyDoOnTheFileSystemOfTheTree) {
  EXPECT_TRUE(OffsetsLast({Mounted("/", "ext4")}, "/usr"));
  EXPECT_FALSE(OffsetsLast({Mounted("/", "overlay")}, "/usr"));
  EXPECT_TRUE(
      OffsetsLast({Mounted("/", "overlay"), Mounted("/usr", "xfs")}, "/usr"));
  EXPECT_FALSE(
      OffsetsLast({Mounted("/", "ext4"), Mounted("/usr", "tmpfs")}, "/usr"));
  EXPECT_FALSE(OffsetsLast({}, "/usr"));
}

TEST(FolderOffsetsTest, LastIfTheyDoOnAllThatIsMountedInTheTree) {
  const MountEntry root = Mounted("/", "ext4");
  EXPECT_FALSE(OffsetsLast({root, Mounted("/usr/a", "overlay")}, "/usr"));
  EXPECT_TRUE(OffsetsLast({root, Mounted("/usr/a", "f2fs")}, "/usr"));
  EXPECT_TRUE(OffsetsLast({root, Mounted("/usr-a", "overlay")}, "/usr"));
  EXPECT_FALSE(OffsetsLast({root, Mounted("/proc", "proc")}, "/"));
}

TEST(FolderOffsetsTest, LastWhereWhatIsCoveredDoesNotCount) {
  EXPECT_TRUE(OffsetsLast(
      {Mounted("/", "ext4"), Mounted("/usr", "tmpfs"), Mounted("/usr", "ext4")},
      "/usr"));
}

}  // namespace
}  // namespace assayfs
