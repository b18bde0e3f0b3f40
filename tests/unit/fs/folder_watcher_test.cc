// SPDX-License-Identifier: Apache-2.0
#include "fs/folder_watcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <set>
#include <vector>

#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::LowerTree;
using testing::Must;
using Kind = FolderWatcher::Change::Kind;

using Change = FolderWatcher::Change;
using Changes = std::set<Change>;

class FolderWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(watcher_->Start([this](const Change& change) {
      const std::lock_guard lock(mutex_);
      heard_.push_back(change);
      changed_.notify_all();
    }));
  }
  void TearDown() override { watcher_->Stop(); }

  std::unique_ptr<FolderWatch> WatchRoot(std::uint64_t number) {
    return watcher_->Watch(tree_.root().fd(), number);
  }

  // What is heard of until a file of that name was made, and told of twice.
  Changes HeardUntil(const std::string& name, std::uint64_t folder) {
    tree_.dir().Write(name, "");
    const Change last{Kind::kName, folder, name};
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return std::ranges::count(heard_, last) == 2; });
    Changes heard(heard_.begin(), heard_.end());
    std::erase_if(heard, [&](const Change& c) { return c.name == name; });
    return heard;
  }

  LowerTree tree_;
  std::unique_ptr<FolderWatcher> watcher_ = Must(FolderWatcher::Create());
  std::mutex mutex_;  // guards heard_
  std::condition_variable changed_;
  std::vector<Change> heard_;
};

TEST_F(FolderWatcherTest, HearsOfNamesContentAndAttributes) {
  tree_.dir().Write("old", "x");
  const auto watch = WatchRoot(7);
  ASSERT_TRUE(watch->watches());
  const auto old = tree_.dir() / "old";
  std::ofstream(old, std::ios::app) << "more";
  ASSERT_EQ(::chmod(old.c_str(), 0600), 0);
  ASSERT_EQ(::rename(old.c_str(), (tree_.dir() / "new").c_str()), 0);
  ASSERT_EQ(::unlink((tree_.dir() / "new").c_str()), 0);
  ASSERT_EQ(::chmod(tree_.dir().path().c_str(), 0711), 0);
  EXPECT_EQ(HeardUntil("end", 7), (Changes{{Kind::kContent, 7, "old"},
                                           {Kind::kAttributes, 7, "old"},
                                           {Kind::kName, 7, "old"},
                                           {Kind::kName, 7, "new"},
                                           {Kind::kSelf, 7, ""}}));
}

TEST_F(FolderWatcherTest, TellsFoldersApart) {
  ASSERT_EQ(::mkdir((tree_.dir() / "a").c_str(), 0755), 0);
  const auto of_root = WatchRoot(1);
  const auto of_a = watcher_->Watch(tree_.At("a").fd(), 2);
  tree_.dir().Write("a/x", "");
  EXPECT_TRUE(HeardUntil("end", 1).contains({Kind::kName, 2, "x"}));
}

TEST_F(FolderWatcherTest, HearsOfAFolderUntilItsLastWatchEnds) {
  auto first = WatchRoot(1);
  auto second = WatchRoot(1);
  first.reset();
  EXPECT_TRUE(HeardUntil("a", 1).empty());
  second.reset();
  tree_.dir().Write("b", "");
  const auto third = WatchRoot(3);
  for (const Change& heard : HeardUntil("c", 3)) EXPECT_NE(heard.name, "b");
}

TEST_F(FolderWatcherTest, TellsOnceOfWhatWasExpected) {
  const auto watch = WatchRoot(1);
  watch->Expect("a");
  watch->Expect("b");
  watch->Unexpect("b");
  watch->Unexpect("b");
  ASSERT_EQ(::mkdir((tree_.dir() / "a").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((tree_.dir() / "b").c_str(), 0755), 0);
  EXPECT_EQ(HeardUntil("end", 1), (Changes{{Kind::kName, 1, "a", true},
                                           {Kind::kName, 1, "b", false}}));
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(std::ranges::count(heard_, Change{Kind::kName, 1, "a", true}), 1);
  EXPECT_EQ(std::ranges::count(heard_, Change{Kind::kName, 1, "b"}), 2);
}

TEST_F(FolderWatcherTest, TellsOfWhatFollowsSomethingExpected) {
  const auto watch = WatchRoot(1);
  watch->Expect("a");
  ASSERT_EQ(::mkdir((tree_.dir() / "a").c_str(), 0755), 0);
  ASSERT_EQ(::rmdir((tree_.dir() / "a").c_str()), 0);
  EXPECT_TRUE(HeardUntil("end", 1).contains({Kind::kName, 1, "a", false}));
}

TEST_F(FolderWatcherTest, WatchesNoMoreFoldersThanItMay) {
  const auto watcher = Must(FolderWatcher::Create(2));
  std::vector<std::unique_ptr<FolderWatch>> watches;
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_EQ(::mkdir((tree_.dir() / name).c_str(), 0755), 0);
    watches.push_back(watcher->Watch(tree_.At(name).fd(), watches.size()));
  }
  EXPECT_TRUE(watches[1]->watches());
  EXPECT_FALSE(watches[2]->watches());
  watches.erase(watches.begin());
  EXPECT_TRUE(watcher->Watch(tree_.At("c").fd(), 2)->watches());
}

TEST_F(FolderWatcherTest, LeavesWatchesForOthers) {
  std::size_t allowed = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> allowed;
  EXPECT_GT(FolderWatcher::FairShare(), 0U);
  EXPECT_LT(FolderWatcher::FairShare(), allowed / 2);
}

TEST_F(FolderWatcherTest, DoesNotWatchWhereChangesMayComeFromElsewhere) {
  const UniqueFd proc(::open("/proc/self", O_PATH | O_CLOEXEC));
  EXPECT_FALSE(watcher_->Watch(proc.get(), 1)->watches());
}

TEST_F(FolderWatcherTest, DoesNotWatchWhatIsNoFolder) {
  tree_.dir().Write("file", "x");
  EXPECT_FALSE(watcher_->Watch(tree_.At("file").fd(), 1)->watches());
}

TEST_F(FolderWatcherTest, TellsNothingOnceItWasStopped) {
  const auto watch = WatchRoot(1);
  watcher_->Stop();
  tree_.dir().Write("a", "");
  const std::lock_guard lock(mutex_);
  EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace assayfs
