// SPDX-License-Identifier: Apache-2.0
#include "appraise/list_store.h"

#include <fcntl.h>

#include <filesystem>
#include <future>

#include "base/unique_fd.h"
#include "support/fakes.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
namespace fs = std::filesystem;

class ListStoreTest : public ::testing::Test {
 protected:
  ListStoreTest() { fs::create_directory(Lists()); }

  std::string Lists() const { return dir_ / "lists"; }
  std::string List(std::string_view name) const {
    return Lists() + "/" + std::string(name);
  }
  // Writes a list that knows exactly one content.
  void Write(std::string_view name, std::string_view content) const {
    dir_.Write("lists/" + std::string(name), SignedTlv(content, "/f"));
  }
  void Open(std::string path) {
    ListStore::Options options;
    options.sources = {{.path = std::move(path), .label = {}, .read = {}}};
    store_ = Must(ListStore::Open(std::move(options),
                                  std::make_shared<FakeVerifier>(), measurer_));
  }
  void Open() { Open(Lists()); }

  // Both ask at once, without waiting for anything.
  bool Knows(std::string_view content) const {
    return !store_->Current()->FindDigest(DigestOf(content)).empty();
  }
  bool KnowsOnceLoaded(std::string_view content) const {
    EXPECT_TRUE(store_->WaitUntilLoaded(std::chrono::minutes(1)));
    return Knows(content);
  }

  TempDir dir_;
  FakeMeasurer measurer_;
  std::unique_ptr<ListStore> store_;
};

TEST_F(ListStoreTest, LoadsAFolderInOrderAndMeasuresEachListOnce) {
  Write("tlv-b", "b");
  Write("tlv-a", "a");
  Write("7-tlv-c", "c");
  Open();
  EXPECT_TRUE(Knows("a"));
  EXPECT_TRUE(Knows("c"));
  EXPECT_THAT(measurer_.paths(),
              ElementsAre(List("7-tlv-c"), List("tlv-a"), List("tlv-b")));
}

TEST_F(ListStoreTest, LoadsASingleFile) {
  Write("tlv-a", "a");
  Open(List("tlv-a"));
  EXPECT_TRUE(Knows("a"));
}

TEST_F(ListStoreTest, ABadListIsNamedAndStopsNoOther) {
  Write("tlv-a", "a");
  dir_.Write("lists/tlv-bad", "junk");
  Open();
  EXPECT_TRUE(Knows("a"));
  ASSERT_EQ(store_->Rejected().size(), 1U);
  EXPECT_EQ(store_->Rejected()[0].name, "tlv-bad");
  EXPECT_EQ(store_->Rejected()[0].error, "unsigned");
}

TEST_F(ListStoreTest, AMissingFolderIsAnErrorAtTheStart) {
  ListStore::Options options;
  options.sources = {{.path = dir_ / "none", .label = {}, .read = {}}};
  EXPECT_THAT(ListStore::Open(std::move(options),
                              std::make_shared<FakeVerifier>(), measurer_),
              FailsWith(ENOENT));
}

TEST_F(ListStoreTest, AnUnlinkedListIsGoneAtOnce) {
  Write("tlv-a", "a");
  Open();
  fs::remove(List("tlv-a"));
  EXPECT_FALSE(Knows("a"));
}

TEST_F(ListStoreTest, TellsTwiceOfAListThatWent) {
  Write("tlv-a", "a");
  Write("tlv-b", "b");
  Open();
  std::promise<void> first, again;
  int told = 0;
  store_->Listen([&](const DigestIndex::Lists& gone) {
    EXPECT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone.front()->name, "tlv-a");
    EXPECT_FALSE(Knows("a"));
    ++told;
    if (told == 1) first.set_value();
    if (told == 2) again.set_value();
  });
  fs::remove(List("tlv-a"));
  first.get_future().wait();
  again.get_future().wait();
  Write("tlv-c", "c");  // nothing goes
  EXPECT_TRUE(KnowsOnceLoaded("c"));
  store_->Listen({});
  EXPECT_EQ(told, 2);
}

TEST_F(ListStoreTest, TellsOfAllListsThatAreCheckedAnew) {
  Write("tlv-a", "a");
  Write("tlv-b", "b");
  Open();
  std::size_t told = 0;
  store_->Listen([&](const DigestIndex::Lists& gone) { told += gone.size(); });
  Must(store_->Reload(std::make_shared<FakeVerifier>()));
  store_->Listen({});
  EXPECT_EQ(told, 2U);
}

TEST_F(ListStoreTest, OnlyTheListThatChangedIsGone) {
  Write("tlv-a", "a");
  Write("tlv-b", "b");
  Open();
  fs::remove(List("tlv-a"));
  EXPECT_TRUE(Knows("b"));
}

TEST_F(ListStoreTest, ACreatedListIsFound) {
  Open();
  Write("tlv-a", "a");
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, AListRenamedInIsFound) {
  Open();
  dir_.Write("tlv-a", SignedTlv("a", "/f"));
  fs::rename(dir_ / "tlv-a", List("tlv-a"));
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, AListRenamedOverAnotherReplacesIt) {
  Write("tlv-a", "old");
  Open();
  dir_.Write("new", SignedTlv("new", "/f"));
  fs::rename(dir_ / "new", List("tlv-a"));
  EXPECT_FALSE(Knows("old"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
}

TEST_F(ListStoreTest, AListRenamedOutIsGoneAndComesBack) {
  Write("tlv-a", "a");
  Open();
  fs::rename(List("tlv-a"), dir_ / "tlv-a");
  EXPECT_FALSE(Knows("a"));
  fs::rename(dir_ / "tlv-a", List("tlv-a"));
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, AListWrittenInPlaceIsGoneAtOnce) {
  Write("tlv-a", "old");
  Open();
  Write("tlv-a", "new");
  EXPECT_FALSE(Knows("old"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
}

TEST_F(ListStoreTest, AHardLinkedListIsFound) {
  dir_.Write("elsewhere", SignedTlv("a", "/f"));
  Open();
  fs::create_hard_link(dir_ / "elsewhere", List("tlv-a"));
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, AWriteThroughAnotherHardLinkIsSeen) {
  dir_.Write("elsewhere", SignedTlv("old", "/f"));
  fs::create_hard_link(dir_ / "elsewhere", List("tlv-a"));
  Open();
  dir_.Write("elsewhere", SignedTlv("new", "/f"));
  EXPECT_FALSE(Knows("old"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
}

TEST_F(ListStoreTest, AListThatWasBrokenLoadsOnceItIsMended) {
  dir_.Write("lists/tlv-a", "junk");
  Open();
  Write("tlv-a", "a");
  EXPECT_TRUE(KnowsOnceLoaded("a"));
  EXPECT_TRUE(store_->Rejected().empty());
}

TEST_F(ListStoreTest, AFolderReplacedByAnotherIsFollowed) {
  Write("tlv-a", "old");
  Open();
  fs::create_directory(dir_ / "next");
  dir_.Write("next/tlv-a", SignedTlv("new", "/f"));
  fs::rename(Lists(), dir_ / "gone");
  EXPECT_FALSE(Knows("old"));
  fs::rename(dir_ / "next", Lists());
  EXPECT_TRUE(KnowsOnceLoaded("new"));
  Write("tlv-b", "b");
  EXPECT_TRUE(KnowsOnceLoaded("b"));
}

TEST_F(ListStoreTest, AFolderFarAboveMayBeReplacedToo) {
  fs::create_directories(dir_ / "x/y/lists");
  dir_.Write("x/y/lists/tlv-a", SignedTlv("old", "/f"));
  Open(dir_ / "x/y/lists");
  fs::rename(dir_ / "x", dir_ / "gone");
  EXPECT_FALSE(Knows("old"));
  fs::create_directories(dir_ / "x/y/lists");
  dir_.Write("x/y/lists/tlv-a", SignedTlv("new", "/f"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
}

TEST_F(ListStoreTest, ASymbolicLinkToTheFolderIsFollowed) {
  fs::create_directory(dir_ / "next");
  dir_.Write("next/tlv-a", SignedTlv("new", "/f"));
  Write("tlv-a", "old");
  fs::create_directory_symlink("lists", dir_ / "current");
  Open(dir_ / "current");
  fs::create_directory_symlink("next", dir_ / "swap");
  fs::rename(dir_ / "swap", dir_ / "current");
  EXPECT_FALSE(Knows("old"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
}

TEST_F(ListStoreTest, AListBehindASymbolicLinkGoesWithItsFolder) {
  fs::create_directory(dir_ / "pool");
  dir_.Write("pool/a", SignedTlv("a", "/f"));
  fs::create_symlink("../pool/a", List("tlv-a"));
  Open();
  EXPECT_TRUE(Knows("a"));
  fs::rename(dir_ / "pool", dir_ / "gone");
  EXPECT_FALSE(KnowsOnceLoaded("a"));
  fs::rename(dir_ / "gone", dir_ / "pool");
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, ARemovedFolderIsReportedAndWaitedFor) {
  Write("tlv-a", "a");
  Open();
  fs::remove_all(Lists());
  EXPECT_FALSE(KnowsOnceLoaded("a"));
  ASSERT_EQ(store_->Rejected().size(), 1U);
  EXPECT_EQ(store_->Rejected()[0].name, Lists());
  fs::create_directory(Lists());
  Write("tlv-a", "a");
  EXPECT_TRUE(KnowsOnceLoaded("a"));
}

TEST_F(ListStoreTest, OpeningForWritingAndClosingResetsTheListButNotForLong) {
  Write("tlv-a", "a");
  Open();
  const auto before = store_->Current()->epoch();
  UniqueFd(::open(List("tlv-a").c_str(), O_WRONLY | O_CLOEXEC)).Reset();
  EXPECT_FALSE(Knows("a"));
  EXPECT_TRUE(KnowsOnceLoaded("a"));
  EXPECT_GT(store_->Current()->epoch(), before);
}

TEST_F(ListStoreTest, UnchangedListsAreNotCheckedAgain) {
  Write("tlv-a", "a");
  Open();
  Write("tlv-b", "b");
  EXPECT_TRUE(KnowsOnceLoaded("b"));
  EXPECT_TRUE(Knows("a"));
  EXPECT_THAT(measurer_.paths(), ElementsAre(List("tlv-a"), List("tlv-b")));
}

TEST_F(ListStoreTest, ReloadWithOtherKeysDropsWhatTheyDoNotVouchFor) {
  Write("tlv-a", "a");
  dir_.Write("lists/tlv-b", SignedTlv("b", "/f", "new key"));
  Open();
  EXPECT_FALSE(Knows("b"));
  Must(store_->Reload(std::make_shared<FakeVerifier>("new key")));
  EXPECT_FALSE(Knows("a"));
  EXPECT_TRUE(Knows("b"));
}

TEST_F(ListStoreTest, AReloadThatFailsLeavesTheListsThatWere) {
  ListStore::Options options;
  bool fails = false;
  options.sources = {
      {.path = dir_.path(),
       .label = "test",
       .read = [&]() -> Result<std::vector<RawList>> {
         if (fails) return Fail(EIO, "gone");
         return std::vector<RawList>{
             {"tlv-a", "test/tlv-a", ToVector(AsBytes(SignedTlv("a", "/f")))}};
       }}};
  store_ = Must(ListStore::Open(std::move(options),
                                std::make_shared<FakeVerifier>(), measurer_));
  fails = true;
  EXPECT_THAT(store_->Reload(std::make_shared<FakeVerifier>()), FailsWith(EIO));
  EXPECT_TRUE(Knows("a"));
}

TEST_F(ListStoreTest, ADatabaseIsReadAgainWhenItsFilesAreWritten) {
  ListStore::Options options;
  options.sources = {
      {.path = Lists(),
       .label = "database",
       .read = [&]() -> Result<std::vector<RawList>> {
         return std::vector<RawList>{
             {"tlv-a", "database/tlv-a",
              ToVector(AsBytes(ReadText(List("rpmdb.sqlite"))))}};
       }}};
  dir_.Write("lists/rpmdb.sqlite", SignedTlv("old", "/f"));
  store_ = Must(ListStore::Open(std::move(options),
                                std::make_shared<FakeVerifier>(), measurer_));
  EXPECT_TRUE(Knows("old"));
  // What readers of SQLite leave and remove is no change.
  const auto epoch = store_->Current()->epoch();
  dir_.Write("lists/rpmdb.sqlite-shm", "x");
  fs::remove(List("rpmdb.sqlite-shm"));
  EXPECT_TRUE(store_->WaitUntilLoaded(std::chrono::minutes(1)));
  EXPECT_EQ(store_->Current()->epoch(), epoch);
  dir_.Write("lists/rpmdb.sqlite", SignedTlv("new", "/f"));
  EXPECT_TRUE(KnowsOnceLoaded("new"));
  EXPECT_FALSE(Knows("old"));
}

TEST_F(ListStoreTest, AListThatFailsToBeMeasuredDoesNotCount) {
  Write("tlv-a", "a");
  measurer_.failing = true;
  Open();
  EXPECT_FALSE(Knows("a"));
  EXPECT_EQ(store_->Rejected()[0].error, "not measured: the TPM is on fire");
}

}  // namespace
}  // namespace assayfs
