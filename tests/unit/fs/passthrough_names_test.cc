// SPDX-License-Identifier: Apache-2.0
#include "fs/passthrough_names.h"

#include <linux/fs.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::LowerTree;
using testing::Must;

// Whoever runs the tests, with another umask than usual.
Caller Self() { return {.uid = ::getuid(), .gid = ::getgid(), .umask = 027}; }

std::string PathOf(int fd) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
}

TEST(PassthroughNamesTest, LooksNamesUpWithTheirAttributes) {
  LowerTree tree;
  tree.dir().Write("a", "hello");
  const Entry entry = Must(tree.Find("a"));
  EXPECT_EQ(entry.attributes.st_size, 5);
  EXPECT_TRUE(S_ISREG(entry.lower.type()));
  EXPECT_THAT(tree.Find("b"), FailsWith(ENOENT));
}

TEST(PassthroughNamesTest, DoesNotFollowSymbolicLinks) {
  LowerTree tree;
  Must(MakeSymlink(tree.root(), "link", "/etc", Self()));
  EXPECT_TRUE(S_ISLNK(tree.At("link").type()));
  EXPECT_EQ(Must(ReadSymlink(tree.At("link"))), "/etc");
  EXPECT_THAT(MakeSymlink(tree.root(), "link", "x", Self()), FailsWith(EEXIST));
}

TEST(PassthroughNamesTest, ReadsTheTargetOfLinksOnly) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  EXPECT_FALSE(ReadSymlink(tree.At("a")));
}

TEST(PassthroughNamesTest, AppliesTheUmaskOfTheCaller) {
  LowerTree tree;
  Must(MakeFolder(tree.root(), "folder", 0777, Self()));
  Must(MakeNode(tree.root(), "file", S_IFREG | 0666, 0, Self()));
  EXPECT_EQ(tree.Permissions("folder"), 0750U);
  EXPECT_EQ(tree.Permissions("file"), 0640U);
}

TEST(PassthroughNamesTest, LeavesTheUmaskOfTheThreadAlone) {
  LowerTree tree;
  const mode_t before = ::umask(022);
  Must(MakeFolder(tree.root(), "folder", 0777, Self()));
  EXPECT_EQ(::umask(before), 022U);
}

TEST(PassthroughNamesTest, CreatesForTheCaller) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  LowerTree tree;
  const Caller user = {.uid = 1234, .gid = 2345, .umask = 022};
  Must(MakeFolder(tree.root(), "folder", 0777, user));
  Must(MakeNode(tree.root(), "fifo", S_IFIFO | 0666, 0, user));
  Must(MakeSymlink(tree.root(), "link", "x", user));
  for (const char* name : {"folder", "fifo", "link"}) {
    EXPECT_EQ(tree.Stat(name).st_uid, 1234U) << name;
    EXPECT_EQ(tree.Stat(name).st_gid, 2345U) << name;
  }
  Must(MakeFolder(tree.root(), "own", 0777, Self()));
  EXPECT_EQ(tree.Stat("own").st_uid, 0U);
}

TEST(PassthroughNamesTest, GivesFilesAndLinksMoreNames) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  Must(MakeSymlink(tree.root(), "link", "nowhere", Self()));
  Must(MakeLink(tree.At("a"), tree.root(), "b"));
  Must(MakeLink(tree.At("link"), tree.root(), "link2"));
  EXPECT_EQ(tree.Stat("b").st_ino, tree.Stat("a").st_ino);
  EXPECT_EQ(tree.Stat("link2").st_ino, tree.Stat("link").st_ino);
  EXPECT_THAT(MakeLink(tree.At("a"), tree.root(), "b"), FailsWith(EEXIST));
}

TEST(PassthroughNamesTest, RemovesNames) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  Must(MakeFolder(tree.root(), "folder", 0777, Self()));
  EXPECT_THAT(RemoveFile(tree.table(), tree.root(), "folder"),
              FailsWith(EISDIR));
  EXPECT_THAT(RemoveFolder(tree.table(), tree.root(), "a"), FailsWith(ENOTDIR));
  Must(RemoveFile(tree.table(), tree.root(), "a"));
  Must(RemoveFolder(tree.table(), tree.root(), "folder"));
  EXPECT_THAT(RemoveFile(tree.table(), tree.root(), "a"), FailsWith(ENOENT));
}

TEST(PassthroughNamesTest, RenamesWithFlags) {
  LowerTree tree;
  tree.dir().Write("a", "1");
  tree.dir().Write("b", "2");
  const LowerRef root = tree.root();
  EXPECT_THAT(
      Rename(tree.table(), root, "a", root, "b", RENAME_NOREPLACE, Self()),
      FailsWith(EEXIST));
  Must(Rename(tree.table(), root, "a", root, "b", RENAME_EXCHANGE, Self()));
  EXPECT_EQ(testing::ReadText(tree.dir() / "a"), "2");
  Must(Rename(tree.table(), root, "a", root, "b", 0, Self()));
  EXPECT_EQ(testing::ReadText(tree.dir() / "b"), "2");
  EXPECT_THAT(tree.Find("a"), FailsWith(ENOENT));
}

TEST(PassthroughNamesTest, FollowsAFolderThatMoved) {
  LowerTree tree;
  Must(MakeFolder(tree.root(), "old", 0777, Self()));
  const LowerRef folder = tree.At("old");
  ASSERT_EQ(
      ::rename((tree.dir() / "old").c_str(), (tree.dir() / "new").c_str()), 0);
  tree.dir().Write("new/a", "x");
  EXPECT_TRUE(Lookup(tree.table(), folder, "a"));
}

TEST(PassthroughNamesTest, KeepsWhatLosesItsLastNameReachable) {
  LowerTree tree(1);
  tree.dir().Write("a", "x");
  tree.dir().Write("b", "x");
  tree.dir().Write("c", "x");
  const NodeId removed = tree.At("a").node();
  const NodeId replaced = tree.At("b").node();
  Must(RemoveFile(tree.table(), tree.root(), "a"));
  Must(Rename(tree.table(), tree.root(), "c", tree.root(), "b", 0, Self()));
  for (const NodeId node : {removed, replaced}) {
    const auto lower = tree.table().Get(node);
    ASSERT_TRUE(lower);
    struct stat info {};
    EXPECT_EQ(::fstat(lower->fd(), &info), 0);
    EXPECT_EQ(info.st_nlink, 0U);
  }
}

TEST(PassthroughNamesTest, KeepsNothingForARemovalThatFailed) {
  LowerTree tree(1);
  ASSERT_EQ(::mkdir((tree.dir() / "full").c_str(), 0700), 0);
  tree.dir().Write("full/x", "x");
  const NodeId full = tree.At("full").node();
  EXPECT_THAT(RemoveFolder(tree.table(), tree.root(), "full"),
              FailsWith(ENOTEMPTY));
  EXPECT_EQ(tree.table().descriptors(), 0U);
  EXPECT_EQ(Must(tree.table().Get(full)).node(), full);
}

TEST(PassthroughNamesTest, FindsAFileUnderTheNameItWasMovedTo) {
  LowerTree tree(1);
  tree.dir().Write("a", "x");
  const NodeId node = tree.At("a").node();
  Must(Rename(tree.table(), tree.root(), "a", tree.root(), "b", 0, Self()));
  tree.dir().Write("other", "x");
  tree.At("other");  // takes the one descriptor that is kept
  const auto lower = tree.table().Get(node);
  ASSERT_TRUE(lower);
  EXPECT_EQ(PathOf(lower->fd()), tree.dir() / "b");
}

}  // namespace
}  // namespace assayfs
