// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/alone/simulated_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using Access = SimulatedTree::Access;
using Kind = TreeEntry::Kind;
using User = SimulatedTree::User;

TreeEntry File(mode_t mode = 0644, uid_t owner = 0, gid_t group = 0) {
  return {.content = {}, .mode = mode, .owner = owner, .group = group};
}
TreeEntry Link(std::string to) {
  return {.kind = Kind::kLink, .content = std::move(to)};
}

// Scenarios compare the same with a kernel; these are what they cannot name.
TEST(SimulatedTreeTest, LinksAreFollowedAsFarAsTheKernelDoes) {
  std::map<std::string, TreeEntry> entries = {{"/0", File()}};
  for (int i = 1; i <= 41; ++i) {
    entries["/" + std::to_string(i)] = Link(std::to_string(i - 1));
  }
  const SimulatedTree tree(entries, Access::kWritable);
  EXPECT_EQ(Must(tree.Open("/40", kMayRead, {})), "/0");
  EXPECT_THAT(tree.Open("/41", kMayRead, {}), FailsWith(ELOOP));
}

TEST(SimulatedTreeTest, LinksDoNotLeadOut) {
  const SimulatedTree tree({{"/a/b/file", File()},
                            {"/up", Link("../../../a/b/./file")},
                            {"/a/b/here", Link("/a//b/../b/file")},
                            {"/slash", Link("/a/b/file/")},
                            {"/folder", Link("/a/b/")}},
                           Access::kWritable);
  EXPECT_EQ(Must(tree.Open("/up", kMayRead, {})), "/a/b/file");
  EXPECT_EQ(Must(tree.Open("/a/b/here", kMayRead, {})), "/a/b/file");
  EXPECT_EQ(Must(tree.Open("/folder/file", kMayRead, {})), "/a/b/file");
  EXPECT_THAT(tree.Open("/slash", kMayRead, {}), FailsWith(ENOTDIR));
}

TEST(SimulatedTreeTest, TheFirstBitsThatSpeakOfAUserCount) {
  const SimulatedTree tree({{"/mine", File(0077, 5, 6)},
                            {"/ours", File(0707, 0, 6)},
                            {"/any", File(0001)},
                            {"/none", File(0666)}},
                           Access::kWritable);
  EXPECT_THAT(tree.Open("/mine", kMayRead, User{5, 6}), FailsWith(EACCES));
  EXPECT_TRUE(tree.Open("/mine", kMayRead, User{7, 6}));
  EXPECT_THAT(tree.Open("/ours", kMayRead, User{7, 6}), FailsWith(EACCES));
  EXPECT_TRUE(tree.Open("/ours", kMayWrite, User{7, 8}));
  EXPECT_TRUE(tree.Open("/any", kMayExec, User{}));
  EXPECT_THAT(tree.Open("/none", kMayExec, User{}), FailsWith(EACCES));
}

TEST(SimulatedTreeTest, ANewOwnerTakesSetUserIdAway) {
  SimulatedTree tree({{"/a", File(06755)}, {"/b", File(06745)}},
                     Access::kWritable);
  Must(tree.SetOwner("/a", 5));
  Must(tree.SetOwner("/b", 5));
  EXPECT_EQ(tree.at("/a").entry.mode, 0755U);
  EXPECT_EQ(tree.at("/b").entry.mode, 02745U);
  EXPECT_EQ(tree.at("/a").entry.owner, 5U);
}

TEST(SimulatedTreeTest, AFolderStaysWhenWhatWasInItIsGone) {
  SimulatedTree tree({{"/a/b/file", File()}}, Access::kWritable);
  EXPECT_THAT(tree.Remove("/a/b"), FailsWith(ENOTEMPTY));
  Must(tree.Remove("/a/b/file"));
  Must(tree.Rename("/a/b", "/c"));
  EXPECT_THAT(tree.Open("/c", kMayRead, {}), FailsWith(EISDIR));
  EXPECT_THAT(tree.Open("/a/b", kMayRead, {}), FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
