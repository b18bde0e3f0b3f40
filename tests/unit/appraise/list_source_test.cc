// SPDX-License-Identifier: Apache-2.0
#include "appraise/list_source.h"

#include <sys/stat.h>

#include <filesystem>

#include "lists/digest_list.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

std::vector<std::string> Names(const std::vector<RawList>& lists) {
  std::vector<std::string> names;
  for (const RawList& list : lists) names.push_back(list.name);
  return names;
}

TEST(ListSourceTest, AFolderGivesItsListsInLoadingOrder) {
  const TempDir dir;
  for (const auto* name : {"rpm-b", "10-rpm-z", "2-rpm-y", "rpm-a"}) {
    dir.Write(name, name);
  }
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  EXPECT_THAT(Names(lists),
              ElementsAre("2-rpm-y", "10-rpm-z", "rpm-a", "rpm-b"));
  EXPECT_EQ(AsText(*lists[0].bytes), "2-rpm-y");
  EXPECT_EQ(lists[0].origin, dir / "2-rpm-y");
}

TEST(ListSourceTest, HiddenNamesFoldersAndFifosAreNoLists) {
  const TempDir dir;
  dir.Write(".rpm-a.new", "");
  std::filesystem::create_directory(dir / "rpm-folder");
  ASSERT_EQ(::mkfifo((dir / "rpm-fifo").c_str(), 0600), 0);
  EXPECT_TRUE(
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}})).empty());
}

TEST(ListSourceTest, ALinkThatLeadsNowhereIsAListThatCannotBeRead) {
  const TempDir dir;
  std::filesystem::create_symlink("missing", dir / "rpm-a");
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_THAT(lists[0].bytes, FailsWith(ENOENT));
}

TEST(ListSourceTest, ALinkToAnotherNameOfTheFolderIsNoListOfItsOwn) {
  const TempDir dir;
  dir.Write("0-rpm-a", "a");
  std::filesystem::create_symlink("0-rpm-a", dir / "rpm-a");
  std::filesystem::create_symlink("rpm-a", dir / "rpm-b");
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  EXPECT_THAT(Names(lists), ElementsAre("0-rpm-a"));
}

TEST(ListSourceTest, ALinkOutOfTheFolderOrToAHiddenNameIsAList) {
  const TempDir dir;
  const TempDir other;
  std::filesystem::create_symlink(other.Write("rpm-a", "a"), dir / "rpm-a");
  std::filesystem::create_symlink(".hidden", dir / "rpm-b");
  dir.Write(".hidden", "b");
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  EXPECT_THAT(Names(lists), ElementsAre("rpm-a", "rpm-b"));
}

TEST(ListSourceTest, LinksThatLeadToEachOtherAreListsThatCannotBeRead) {
  const TempDir dir;
  std::filesystem::create_symlink("rpm-b", dir / "rpm-a");
  std::filesystem::create_symlink("rpm-a", dir / "rpm-b");
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_THAT(lists[0].bytes, FailsWith(ELOOP));
}

TEST(ListSourceTest, AnOversizedListDoesNotStopTheOthers) {
  const TempDir dir;
  dir.Write("rpm-a", "");
  std::filesystem::resize_file(dir / "rpm-a", kMaxListBytes + 1);
  dir.Write("rpm-b", "b");
  const auto lists =
      Must(ReadSource({.path = dir.path(), .label = {}, .read = {}}));
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_THAT(lists[0].bytes, FailsWith(EFBIG));
  EXPECT_EQ(AsText(*lists[1].bytes), "b");
}

TEST(ListSourceTest, AFileIsOneList) {
  const TempDir dir;
  const auto lists = Must(
      ReadSource({.path = dir.Write("rpm-a", "a"), .label = {}, .read = {}}));
  EXPECT_THAT(Names(lists), ElementsAre("rpm-a"));
}

TEST(ListSourceTest, AMissingFolderIsAnError) {
  EXPECT_THAT(
      ReadSource({.path = "/nonexistent/lists", .label = {}, .read = {}}),
      FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
