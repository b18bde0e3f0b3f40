// SPDX-License-Identifier: Apache-2.0
#include "fs/open_folder.h"

#include <algorithm>
#include <set>
#include <string>

#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::LowerTree;
using testing::Must;

// Lists a whole folder, step items at a time, of which used are used.
std::multiset<std::string> ListAll(OpenFolder& folder, std::size_t step,
                                   std::size_t used) {
  std::multiset<std::string> names;
  off_t offset = 0;
  while (true) {
    auto items = Must(folder.List(offset, step));
    if (items.empty()) return names;
    items.resize(std::min(items.size(), used));
    for (const auto& item : items) names.insert(item.name);
    offset = items.back().next_offset;
  }
}

TEST(OpenFolderTest, ListsNamesWithTypes) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  auto folder = Must(OpenFolder::Open(tree.root(), 0));
  const auto items = Must(folder->List(0, 100));
  ASSERT_EQ(items.size(), 3U);
  const auto a = std::ranges::find(items, "a", &OpenFolder::Item::name);
  ASSERT_NE(a, items.end());
  EXPECT_EQ(a->inode, tree.Stat("a").st_ino);
  EXPECT_EQ(a->type, static_cast<mode_t>(S_IFREG));
  EXPECT_TRUE(std::ranges::count(items, "..", &OpenFolder::Item::name));
}

TEST(OpenFolderTest, GivesEachNameOnceWhateverTheSteps) {
  LowerTree tree;
  std::multiset<std::string> expected = {".", ".."};
  // More than one call of getdents64 can give.
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "a-name-of-some-length-" + std::to_string(i);
    tree.dir().Write(name, "");
    expected.insert(name);
  }
  auto folder = Must(OpenFolder::Open(tree.root(), 0));
  EXPECT_EQ(ListAll(*folder, 100, 100), expected);
  EXPECT_EQ(ListAll(*folder, 100, 37), expected);
  EXPECT_EQ(ListAll(*folder, 1, 1), expected);
  EXPECT_EQ(ListAll(*folder, 5000, 5000), expected);
}

TEST(OpenFolderTest, ShowsWhatIsNewWhenReadFromTheStart) {
  LowerTree tree;
  auto folder = Must(OpenFolder::Open(tree.root(), 0));
  EXPECT_EQ(ListAll(*folder, 10, 10).size(), 2U);
  tree.dir().Write("a", "x");
  EXPECT_EQ(ListAll(*folder, 10, 10).size(), 3U);
}

TEST(OpenFolderTest, FindsAnEarlierPlaceAgain) {
  LowerTree tree;
  for (const char* name : {"a", "b", "c", "d"}) tree.dir().Write(name, "");
  auto folder = Must(OpenFolder::Open(tree.root(), 0));
  const auto all = Must(folder->List(0, 100));
  ASSERT_EQ(all.size(), 6U);
  ASSERT_TRUE(Must(folder->List(all.back().next_offset, 100)).empty());
  const auto again = Must(folder->List(all[2].next_offset, 1));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].name, all[3].name);
}

TEST(OpenFolderTest, OpensFoldersOnly) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  EXPECT_THAT(OpenFolder::Open(tree.At("a"), 0), FailsWith(ENOTDIR));
}

TEST(OpenFolderTest, Syncs) {
  LowerTree tree;
  EXPECT_TRUE(Must(OpenFolder::Open(tree.root(), 0))->Sync());
}

}  // namespace
}  // namespace assayfs
