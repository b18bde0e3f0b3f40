// SPDX-License-Identifier: Apache-2.0
#include "app/list_update/update_journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/unique_fd.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

constexpr char kText[] =
    "assayfs-update 1\n"
    "root /srv/a tree\n"
    "add rpm-b-2\n"
    "add rpm-c-2\n"
    "installed rpm-b-1\n"
    "remove tlv-a site\n";

TEST(UpdateJournalTest, IsWrittenAsItIsRead) {
  const auto journal = Must(ParseUpdateJournal(kText));
  EXPECT_EQ(journal.root, "/srv/a tree");
  EXPECT_THAT(journal.added, ElementsAre("rpm-b-2", "rpm-c-2"));
  EXPECT_THAT(journal.installed, ElementsAre("rpm-b-1"));
  EXPECT_THAT(journal.removed, ElementsAre("tlv-a site"));
  EXPECT_EQ(FormatUpdateJournal(journal), kText);
}

TEST(UpdateJournalTest, OtherTextsAreRefused) {
  for (const auto& [text, words] :
       std::initializer_list<std::pair<const char*, const char*>>{
           {"", "no root"},
           {"assayfs-update 1\n", "no root"},
           {"assayfs-update 2\nroot /\n", "line 1"},
           {"assayfs-update 1\nroot /", "line 2"},
           {"assayfs-update 1\nroot /\nroot /\n", "line 3"},
           {"assayfs-update 1\nroot /\nadd \n", "line 3"},
           {"assayfs-update 1\nroot /\nadd\n", "line 3"},
           {"assayfs-update 1\nroot /\n\n", "line 3"},
           {"assayfs-update 1\nroot /\nforget x\n", "line 3"}}) {
    EXPECT_THAT(ParseUpdateJournal(text), FailsSaying(EBADMSG, words)) << text;
  }
}

TEST(UpdateJournalTest, IdsAreFileNames) {
  for (const char* id : {"a", "dnf-1", "A_.b", "..."}) {
    EXPECT_TRUE(IsUpdateId(id)) << id;
  }
  for (const std::string& id :
       {std::string(), std::string("a/b"), std::string("a b"),
        std::string("a\nb"), std::string("\xc3\xa4"), std::string(65, 'a')}) {
    EXPECT_FALSE(IsUpdateId(id)) << id;
  }
}

TEST(UpdateJournalTest, IsKeptInTheFolder) {
  const TempDir dir;
  const UniqueFd fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(Must(ReadUpdateJournal(fd.get(), "a")), std::nullopt);
  Must(KeepUpdateJournal(fd.get(), "b", Must(ParseUpdateJournal(kText))));
  Must(KeepUpdateJournal(fd.get(), "a", Must(ParseUpdateJournal(kText))));
  dir.Write(".update-not an id", "");
  dir.Write(".update.lock", "");
  EXPECT_THAT(Must(UpdatesUnderWay(fd.get())), ElementsAre("a", "b"));
  EXPECT_EQ(Must(ReadUpdateJournal(fd.get(), "a"))->root, "/srv/a tree");
  Must(DropUpdateJournal(fd.get(), "a"));
  EXPECT_THAT(Must(UpdatesUnderWay(fd.get())), ElementsAre("b"));
  EXPECT_THAT(DropUpdateJournal(fd.get(), "a"), FailsWith(ENOENT));
}

TEST(UpdateLockTest, IsAFileThatOnlyRootMayOpenAndThatGoes) {
  const TempDir dir;
  const UniqueFd fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  for (int round = 0; round < 2; ++round) {
    auto lock = Must(UpdateLock::Take(fd.get()));
    const UpdateLock moved = std::move(lock);
    struct stat info {};
    ASSERT_EQ(::stat((dir / ".update.lock").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(dir / ".update.lock"));
}

TEST(UpdateLockTest, OthersWaitAndTakeTheirTurn) {
  const TempDir dir;
  const UniqueFd fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  std::atomic<int> inside = 0;
  const auto turns = [&] {
    for (int i = 0; i < 20; ++i) {
      const auto lock = Must(UpdateLock::Take(fd.get()));
      EXPECT_EQ(inside.fetch_add(1), 0);
      inside.fetch_sub(1);
    }
  };
  std::jthread other(turns);
  turns();
}

TEST(UpdateJournalTest, ADamagedOneIsAnErrorWithItsName) {
  const TempDir dir;
  const UniqueFd fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  dir.Write(".update-a", "x");
  EXPECT_THAT(ReadUpdateJournal(fd.get(), "a"),
              FailsSaying(EBADMSG, ".update-a: line 1"));
}

}  // namespace
}  // namespace assayfs
