// SPDX-License-Identifier: Apache-2.0
#include "fs/folder_watcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <ostream>
#include <vector>

#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::LowerTree;
using testing::Must;
using Kind = FolderWatcher::Change::Kind;

struct Heard {
  Kind kind;
  std::uint64_t folder;
  std::string name;
  bool expected = false;

  friend bool operator==(const Heard&, const Heard&) = default;
  friend std::ostream& operator<<(std::ostream& to, const Heard& heard) {
    return to << static_cast<int>(heard.kind) << " " << heard.folder << " "
              << heard.name << (heard.expected ? " expected" : "");
  }
};

class FolderWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(watcher_->Start([this](const FolderWatcher::Change& change) {
      const std::lock_guard lock(mutex_);
      heard_.push_back(
          {change.kind, change.folder, change.name, change.expected});
      changed_.notify_all();
    }));
  }
  void TearDown() override { watcher_->Stop(); }

  std::unique_ptr<FolderWatch> WatchRoot(std::uint64_t number) {
    return watcher_->Watch(tree_.root().fd(), number);
  }

  // Everything heard until a file of that name came into being.
  std::vector<Heard> HeardUntil(const std::string& name, std::uint64_t folder) {
    tree_.dir().Write(name, "");
    std::unique_lock lock(mutex_);
    const Heard last{Kind::kName, folder, name};
    changed_.wait(lock, [&] {
      return std::find(heard_.begin(), heard_.end(), last) != heard_.end();
    });
    return {heard_.begin(), std::find(heard_.begin(), heard_.end(), last)};
  }

  LowerTree tree_;
  std::unique_ptr<FolderWatcher> watcher_ = Must(FolderWatcher::Create());
  std::mutex mutex_;  // guards heard_
  std::condition_variable changed_;
  std::vector<Heard> heard_;
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
  EXPECT_EQ(HeardUntil("end", 7),
            (std::vector<Heard>{{Kind::kContent, 7, "old"},
                                {Kind::kAttributes, 7, "old"},
                                {Kind::kName, 7, "old"},
                                {Kind::kName, 7, "new"},
                                {Kind::kName, 7, "new"},
                                {Kind::kSelf, 7, ""}}));
}

TEST_F(FolderWatcherTest, TellsFoldersApart) {
  ASSERT_EQ(::mkdir((tree_.dir() / "a").c_str(), 0755), 0);
  const auto of_root = WatchRoot(1);
  const auto of_a = watcher_->Watch(tree_.At("a").fd(), 2);
  tree_.dir().Write("a/x", "");
  const auto heard = HeardUntil("end", 1);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.front(), (Heard{Kind::kName, 2, "x"}));
}

TEST_F(FolderWatcherTest, HearsOfAFolderUntilItsLastWatchEnds) {
  auto first = WatchRoot(1);
  auto second = WatchRoot(1);
  first.reset();
  EXPECT_TRUE(HeardUntil("a", 1).empty());
  second.reset();
  tree_.dir().Write("b", "");
  const auto third = WatchRoot(3);
  for (const Heard& heard : HeardUntil("c", 3)) EXPECT_NE(heard.name, "b");
}

TEST_F(FolderWatcherTest, TellsWhatWasExpectedOnce) {
  const auto watch = WatchRoot(1);
  watch->Expect("a");
  watch->Expect("b");
  watch->Unexpect("b");
  watch->Unexpect("b");
  tree_.dir().Write("a", "");
  tree_.dir().Write("b", "");
  ASSERT_EQ(::unlink((tree_.dir() / "a").c_str()), 0);
  EXPECT_EQ(HeardUntil("end", 1),
            (std::vector<Heard>{{Kind::kName, 1, "a", true},
                                {Kind::kName, 1, "b", false},
                                {Kind::kName, 1, "a", false}}));
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
