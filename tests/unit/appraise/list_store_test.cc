// SPDX-License-Identifier: Apache-2.0
#include "appraise/list_store.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <filesystem>
#include <future>

#include "base/unique_fd.h"
#include "support/fakes.h"
#include "support/header_builder.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
using ::testing::HasSubstr;
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
    store_ = Must(ListStore::Open(
        std::move(options), {.verifier = std::make_shared<FakeVerifier>()},
        measurer_));
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
                              {.verifier = std::make_shared<FakeVerifier>()},
                              measurer_),
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
  store_->Listen([&](const ListStore::Gone& gone) {
    EXPECT_EQ(gone.lists.size(), 1U);
    EXPECT_EQ(gone.lists.front()->name, "tlv-a");
    EXPECT_EQ(gone.again, told > 0);
    EXPECT_FALSE(Knows("a"));
    ++told;
    if (told == 1) first.set_value();
    if (told == 2) again.set_value();
  });
  fs::remove(List("tlv-a"));
  first.get_future().wait();
  again.get_future().wait();
  // As a whole, so that nothing goes: what is loaded while it is written does.
  dir_.Write("fresh", SignedTlv("c", "/c"));
  fs::rename(dir_ / "fresh", List("tlv-c"));
  EXPECT_TRUE(KnowsOnceLoaded("c"));
  store_->Listen({});
  EXPECT_EQ(told, 2);
}

TEST_F(ListStoreTest, TellsOfAllListsThatAreCheckedAnew) {
  Write("tlv-a", "a");
  Write("tlv-b", "b");
  Open();
  std::size_t told = 0;
  store_->Listen(
      [&](const ListStore::Gone& gone) { told += gone.lists.size(); });
  Must(store_->Reload({.verifier = std::make_shared<FakeVerifier>()}));
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

TEST_F(ListStoreTest, AListWithAnotherNameInTheFolderIsMeasuredOnce) {
  Write("0-tlv-a", "a");
  fs::create_symlink("0-tlv-a", List("tlv-a"));
  Open();
  EXPECT_TRUE(Knows("a"));
  EXPECT_THAT(measurer_.paths(), ElementsAre(List("0-tlv-a")));
  EXPECT_TRUE(store_->Rejected().empty());
  // A list may take the place of the link, and a link that of the list.
  fs::remove(List("tlv-a"));
  Write("tlv-a", "b");
  EXPECT_TRUE(KnowsOnceLoaded("b"));
  fs::create_symlink("tlv-a", dir_ / "link");
  fs::rename(dir_ / "link", List("0-tlv-a"));
  EXPECT_FALSE(KnowsOnceLoaded("a"));
  EXPECT_TRUE(Knows("b"));
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
  EXPECT_TRUE(KnowsOnceLoaded("a"));
  // It was gone meanwhile: nothing else makes another index of the same lists.
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
  Must(store_->Reload({.verifier = std::make_shared<FakeVerifier>("new key")}));
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
                                {.verifier = std::make_shared<FakeVerifier>()},
                                measurer_));
  fails = true;
  EXPECT_THAT(store_->Reload({.verifier = std::make_shared<FakeVerifier>()}),
              FailsWith(EIO));
  EXPECT_TRUE(Knows("a"));
}

TEST_F(ListStoreTest, WhatAReloadReadMustDo) {
  Write("tlv-a", "a");
  dir_.Write("lists/tlv-b", SignedTlv("b", "/f", "new key"));
  Open();
  std::vector<std::string> seen;
  ListStore::Basis basis;
  basis.verifier = std::make_shared<FakeVerifier>("new key");
  basis.pcr_for = [](const auto&, const auto&) {
    return ListRules::Pcr{std::uint32_t{13}};
  };
  basis.check = [&seen](const ListStore::Reading& reading) {
    for (const auto& list : reading.lists) seen.push_back(list->name);
    return Result<void>(Fail(EINVAL, "it will not do"));
  };
  EXPECT_THAT(store_->Reload(basis), FailsSaying(EINVAL, "it will not do"));
  EXPECT_THAT(seen, ElementsAre("tlv-b"));
  EXPECT_TRUE(Knows("a"));
  EXPECT_FALSE(Knows("b"));
  // What comes is read as before.
  Write("tlv-c", "c");
  EXPECT_TRUE(KnowsOnceLoaded("c"));
  EXPECT_EQ(measurer_.pcrs().back(), std::nullopt);

  basis.check = [](const auto&) { return Result<void>(); };
  Must(store_->Reload(basis));
  EXPECT_FALSE(Knows("a"));
  EXPECT_TRUE(Knows("b"));
  EXPECT_EQ(measurer_.pcrs().back(), 13U);
}

TEST_F(ListStoreTest, AListThatIsGivenAwayIsAnother) {
  Write("tlv-a", "a");
  Open();
  EXPECT_EQ(store_->Current()->lists().front()->file->owner, ::geteuid());
  if (::chown(List("tlv-a").c_str(), 5, 6) != 0) {
    GTEST_SKIP() << "needs to give files away";
  }
  EXPECT_TRUE(KnowsOnceLoaded("a"));
  EXPECT_EQ(store_->Current()->lists().front()->file->owner, 5U);
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
                                {.verifier = std::make_shared<FakeVerifier>()},
                                measurer_));
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

class WithdrawalTest : public ListStoreTest {
 protected:
  // Writes a list of a package that knows one content.
  void WritePackage(const std::string& version,
                    std::string_view content) const {
    const ByteVector payload = HeaderBuilder()
                                   .Package("foo", version, "1", "noarch")
                                   .Algorithm(8)
                                   .File("/f", DigestOf(content).Hex())
                                   .Build();
    const ByteVector bytes =
        AppendSignature(payload, SignatureFormat::kPkcs7, AsBytes("good"));
    dir_.Write("lists/rpm-foo-" + version, AsText(bytes));
  }
  void Open() {
    options_.sources = {{.path = Lists(), .label = {}, .read = {}}};
    options_.withdrawals.revocations = dir_ / "revoked";
    store_ = Must(ListStore::Open(
        options_, {.verifier = std::make_shared<FakeVerifier>()}, measurer_));
  }
  // Opens with floors that are kept in memory.
  void OpenWithFloors() {
    options_.withdrawals.floors = kept_;
    options_.withdrawals.keep_floors =
        [this](const Floors& floors) -> Result<void> {
      if (failing_) return Fail(ENOSPC, "no room");
      kept_ = floors;
      return {};
    };
    Open();
  }
  void WaitUntilLoaded() const {
    EXPECT_TRUE(store_->WaitUntilLoaded(std::chrono::minutes(1)));
  }
  // Why the content does not count; "counts" or "unknown" otherwise.
  std::string Standing(std::string_view content) const {
    const auto index = store_->Current();
    const auto found = index->FindDigest(DigestOf(content));
    if (found.empty()) return "unknown";
    for (const auto& entry : found) {
      if (entry.withdrawn == nullptr) return "counts";
    }
    return found.front().withdrawn->why;
  }

  ListStore::Options options_;
  Floors kept_;
  std::atomic<bool> failing_ = false;
};

TEST_F(WithdrawalTest, ARevokedPackageCountsNoMoreFromTheNextLookOn) {
  WritePackage("1", "one");
  Open();
  EXPECT_EQ(Standing("one"), "counts");
  const auto before = store_->Current()->epoch();
  dir_.Write("revoked", "package foo < 2\n");
  EXPECT_EQ(Standing("one"), "revoked by \"package foo < 2\"");
  EXPECT_GT(store_->Current()->epoch(), before);
  fs::remove(dir_ / "revoked");
  EXPECT_EQ(Standing("one"), "counts");
}

TEST_F(WithdrawalTest, AFolderOfRevocationsIsFollowedAsListsAre) {
  WritePackage("1", "one");
  fs::create_directory(dir_ / "revoked");
  Open();
  dir_.Write("new", "package foo\n");
  fs::rename(dir_ / "new", dir_ / "revoked/a");
  EXPECT_NE(Standing("one"), "counts");
  dir_.Write("revoked/a", "package bar\n");
  EXPECT_EQ(Standing("one"), "counts");
}

TEST_F(WithdrawalTest, ARevokedKeyTakesItsListsAlong) {
  Write("tlv-a", "a");
  dir_.Write("revoked", "key " + FakeVerifier::kFingerprint + "\n");
  Open();
  EXPECT_EQ(Standing("a"),
            "revoked by \"key " + FakeVerifier::kFingerprint + "\"");
}

TEST_F(WithdrawalTest, AListThatComesLaterIsRevokedToo) {
  dir_.Write("revoked", "package foo\n");
  Open();
  WritePackage("1", "one");
  WaitUntilLoaded();
  EXPECT_EQ(Standing("one"), "revoked by \"package foo\"");
}

TEST_F(WithdrawalTest, RevokedDigestsAreAmongTheAlgorithms) {
  Write("tlv-a", "a");
  Open();
  const Digest digest = DigestOf("x", HashAlgorithm::kSha512);
  dir_.Write("revoked", "digest " + digest.ToString() + "\n");
  EXPECT_THAT(store_->Current()->algorithms(),
              ElementsAre(HashAlgorithm::kSha256, HashAlgorithm::kSha512));
}

TEST_F(WithdrawalTest, TellsOfWhatIsRevoked) {
  WritePackage("1", "one");
  Open();
  std::promise<ListStore::Gone> told;
  std::once_flag once;
  store_->Listen([&](const ListStore::Gone& gone) {
    std::call_once(once, [&] { told.set_value(gone); });
  });
  dir_.Write("new", "package foo\ndigest " + DigestOf("x").ToString() + "\n");
  fs::rename(dir_ / "new", dir_ / "revoked");
  const ListStore::Gone gone = told.get_future().get();
  ASSERT_EQ(gone.lists.size(), 1U);
  EXPECT_EQ(gone.lists.front()->package_name, "foo");
  EXPECT_THAT(gone.digests, ElementsAre(DigestOf("x")));
  EXPECT_FALSE(gone.again);
  store_->Listen({});
}

TEST_F(WithdrawalTest, RevocationsThatCannotBeReadLeaveThoseFromBefore) {
  WritePackage("1", "one");
  fs::create_directory(dir_ / "revoked");
  dir_.Write("revoked/a", "package foo\n");
  Open();
  fs::create_directory(dir_ / "revoked/b");  // cannot be read as a file
  fs::remove(dir_ / "revoked/a");
  EXPECT_EQ(Standing("one"), "revoked by \"package foo\"");
  const auto index = store_->Current();
  EXPECT_THAT(index->withdrawals()->revocations.problems(),
              ElementsAre(HasSubstr("not a regular file")));
  fs::remove(dir_ / "revoked/b");
  EXPECT_EQ(Standing("one"), "counts");
}

TEST_F(WithdrawalTest, RevocationsThatCannotBeReadAtTheStartAreAnError) {
  fs::create_directories(dir_ / "revoked/folder");
  options_.sources = {{.path = Lists(), .label = {}, .read = {}}};
  options_.withdrawals.revocations = dir_ / "revoked";
  EXPECT_THAT(
      ListStore::Open(options_, {.verifier = std::make_shared<FakeVerifier>()},
                      measurer_),
      FailsWith(EINVAL));
}

TEST_F(WithdrawalTest, AnOlderListThatComesBackIsRolledBack) {
  WritePackage("1", "one");
  OpenWithFloors();
  WritePackage("2", "two");
  WaitUntilLoaded();
  EXPECT_EQ(Standing("one"), "counts");  // both are there
  EXPECT_EQ(Standing("two"), "counts");
  fs::remove(dir_ / "lists/rpm-foo-1");
  WaitUntilLoaded();
  WritePackage("1", "one");
  WaitUntilLoaded();
  EXPECT_THAT(Standing("one"), HasSubstr("rolled back: older than foo 2-1"));
  EXPECT_EQ(Standing("two"), "counts");
  store_.reset();  // floors are kept after lists are published
  EXPECT_EQ(kept_.Of("foo"), "2-1");
}

TEST_F(WithdrawalTest, FloorsHoldAfterARestart) {
  WritePackage("2", "two");
  OpenWithFloors();
  store_.reset();
  fs::remove(dir_ / "lists/rpm-foo-2");
  WritePackage("1", "one");
  OpenWithFloors();
  EXPECT_THAT(Standing("one"), HasSubstr("rolled back"));
  options_.withdrawals.exempt = {"foo"};
  OpenWithFloors();
  EXPECT_EQ(Standing("one"), "counts");
  EXPECT_EQ(kept_.Of("foo"), "1-1");
}

TEST_F(WithdrawalTest, FloorsHoldAlthoughTheyCannotBeKept) {
  WritePackage("2", "two");
  failing_ = true;
  OpenWithFloors();
  ASSERT_EQ(store_->Rejected().size(), 1U);
  EXPECT_EQ(store_->Rejected().front().name, "floors");
  EXPECT_EQ(store_->Rejected().front().error, "not kept: no room");
  failing_ = false;
  fs::remove(dir_ / "lists/rpm-foo-2");
  WritePackage("1", "one");
  WaitUntilLoaded();
  EXPECT_THAT(Standing("one"), HasSubstr("rolled back"));
  EXPECT_TRUE(store_->Rejected().empty());
  store_.reset();
  EXPECT_EQ(kept_.Of("foo"), "2-1");
}

TEST_F(WithdrawalTest, NoFloorRisesWhileASourceCannotBeRead) {
  WritePackage("2", "two");
  fs::rename(Lists(), dir_ / "more");
  fs::create_directory(Lists());
  WritePackage("1", "one");
  OpenWithFloors();
  options_.sources.push_back({.path = dir_ / "more", .label = {}, .read = {}});
  store_.reset();
  store_ = Must(ListStore::Open(
      options_, {.verifier = std::make_shared<FakeVerifier>()}, measurer_));
  fs::rename(Lists(), dir_ / "away");
  WaitUntilLoaded();
  fs::rename(dir_ / "away", Lists());
  WaitUntilLoaded();
  EXPECT_EQ(Standing("one"), "counts");
  EXPECT_EQ(Standing("two"), "counts");
}

// Ten lists; the list with number N knows the content "N".
class OnUseTest : public ListStoreTest {
 protected:
  static constexpr int kLists = 10;

  OnUseTest() {
    for (int i = 0; i < kLists; ++i) Write(Name(i), std::to_string(i));
  }
  static std::string Name(int number) {
    return std::to_string(number) + "-tlv-list";
  }
  void Open() {
    ListStore::Options options;
    options.sources = {{.path = Lists(), .label = {}, .read = {}}};
    options.order = ListOrder::kOnUse;
    store_ = Must(ListStore::Open(
        std::move(options), {.verifier = std::make_shared<FakeVerifier>()},
        measurer_));
  }
  // Asks for what knows the content, and waits for it.
  bool Finds(const std::string& content, const std::string& hint = {}) {
    const auto ticket = store_->Need({DigestOf(content)}, {}, hint);
    if (ticket != 0) {
      EXPECT_TRUE(store_->WaitUntilLoaded(std::chrono::minutes(1), ticket));
    }
    return Knows(content);
  }
  // The numbers of the lists that were measured, in order.
  std::vector<int> Measured() const {
    std::vector<int> numbers;
    for (const std::string& path : measurer_.paths()) {
      numbers.push_back(std::stoi(fs::path(path).filename()));
    }
    return numbers;
  }
  bool MeasureInOrder() const {
    return ::setxattr(Lists().c_str(), "security.dig_prefetch", "1", 2, 0) == 0;
  }
};

TEST_F(OnUseTest, NothingIsLoadedUntilItIsNeeded) {
  Open();
  EXPECT_TRUE(store_->Current()->lists().empty());
  EXPECT_TRUE(Measured().empty());
  EXPECT_EQ(store_->waiting(), 10U);
}

TEST_F(OnUseTest, ListsAreLoadedInTheirOrderUntilOneKnowsTheDigest) {
  Open();
  EXPECT_TRUE(Finds("3"));
  EXPECT_THAT(Measured(), ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(Finds("1"));
  EXPECT_TRUE(Finds("5"));
  EXPECT_THAT(Measured(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(store_->waiting(), 4U);
}

TEST_F(OnUseTest, ListsThatWereLookedAtDoNotEndTheSearch) {
  Write(Name(4), "2");
  Open();
  EXPECT_TRUE(Finds("2"));
  EXPECT_EQ(store_->waiting(), 7U);
  const auto ticket =
      store_->Need({DigestOf("2")}, store_->Current()->lists(), "");
  EXPECT_TRUE(store_->WaitUntilLoaded(std::chrono::minutes(1), ticket));
  EXPECT_EQ(store_->waiting(), 5U);
}

TEST_F(OnUseTest, WhatNoListKnowsLoadsAllOnce) {
  Open();
  EXPECT_FALSE(Finds("alien"));
  EXPECT_EQ(store_->waiting(), 0U);
  EXPECT_EQ(store_->Need({DigestOf("alien")}, {}, ""), 0U);
  EXPECT_EQ(Measured().size(), 10U);
}

TEST_F(OnUseTest, ARightHintLoadsThatListAlone) {
  Open();
  EXPECT_TRUE(Finds("7", Name(7)));
  EXPECT_THAT(Measured(), ElementsAre(7));
}

TEST_F(OnUseTest, AHintMayHaveTheNameFromBeforeTheListWasNumbered) {
  fs::create_symlink(Name(7), List("tlv-list"));
  Open();
  EXPECT_TRUE(Finds("7", "tlv-list"));
  EXPECT_THAT(Measured(), ElementsAre(7));
}

TEST_F(OnUseTest, AWrongHintDoesNoHarm) {
  Open();
  EXPECT_TRUE(Finds("1", Name(8)));
  EXPECT_THAT(Measured(), ElementsAre(8, 0, 1));
  EXPECT_TRUE(Finds("2", "tlv-missing"));
  EXPECT_TRUE(Finds("3", "../lists/" + Name(3)));
  EXPECT_THAT(Measured(), ElementsAre(8, 0, 1, 2, 3));
}

TEST_F(OnUseTest, ListsAreMeasuredAheadWhereTheFolderAsksForIt) {
  if (!MeasureInOrder()) GTEST_SKIP() << "no security attributes here";
  Open();
  EXPECT_TRUE(Finds("2", Name(2)));
  EXPECT_THAT(Measured(), ElementsAre(0, 1, 2));
  EXPECT_EQ(store_->Current()->lists().size(), 1U);
  EXPECT_TRUE(Finds("5", Name(5)));
  EXPECT_THAT(Measured(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(store_->Current()->lists().size(), 2U);
}

TEST_F(OnUseTest, AListThatChangedIsLoadedWhenItIsNeededAgain) {
  Open();
  EXPECT_TRUE(Finds("0"));
  Write(Name(0), "new");
  EXPECT_FALSE(KnowsOnceLoaded("new"));
  EXPECT_EQ(store_->waiting(), 10U);
  EXPECT_TRUE(Finds("new"));
}

TEST_F(OnUseTest, ABadListIsReadOnce) {
  dir_.Write("lists/0-tlv-list", "bad");
  Open();
  EXPECT_TRUE(Finds("1"));
  EXPECT_TRUE(Finds("2"));
  EXPECT_EQ(store_->Rejected().size(), 1U);
  Write(Name(0), "mended");
  EXPECT_FALSE(KnowsOnceLoaded("mended"));
  EXPECT_TRUE(Finds("mended"));
  EXPECT_TRUE(store_->Rejected().empty());
}

TEST_F(OnUseTest, AListInAnotherAlgorithmEndsTheSearch) {
  dir_.Write("lists/" + Name(0),
             SignedTlv("x", "/f", "good", HashAlgorithm::kSha512));
  Open();
  EXPECT_FALSE(Finds("alien"));
  EXPECT_THAT(Measured(), ElementsAre(0));
}

}  // namespace
}  // namespace assayfs
