// SPDX-License-Identifier: Apache-2.0
#include "appraise/appraiser.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "base/files.h"
#include "crypto/verity_hasher.h"
#include "support/fakes.h"
#include "support/header_builder.h"
#include "support/policies.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
namespace fs = std::filesystem;

const Use kRead{.mask = kMayRead};
const Use kExec{.mask = kMayExec};

// Waits for the first file whose content fell. One is told of when its list
// goes, and perhaps again when the folder was read.
class FirstFallen {
 public:
  // Of no use after this object.
  std::function<void(FileId)> Listener() {
    return [this](FileId id) {
      std::call_once(once_, [&] { promise_.set_value(id); });
    };
  }
  FileId Wait() { return promise_.get_future().get(); }

 private:
  std::promise<FileId> promise_;
  std::once_flag once_;
};

class AppraiserTest : public ::testing::Test {
 protected:
  AppraiserTest() {
    fs::create_directory(dir_ / "lists");
    fs::create_directories(dir_ / "tree/usr/bin");
    AddList("tlv-a", "good content", "/usr/bin/a");
    Put("usr/bin/a", "good content");
    root_.Reset(::open((dir_ / "tree").c_str(), O_PATH | O_CLOEXEC));
    ListStore::Options options;
    options.sources = {{.path = dir_ / "lists", .label = {}, .read = {}}};
    lists_ = Must(ListStore::Open(
        std::move(options), {.verifier = std::make_shared<FakeVerifier>()},
        measurer_));
  }

  void AddList(std::string_view name, std::string_view content,
               std::string_view path,
               HashAlgorithm algorithm = HashAlgorithm::kSha256) {
    dir_.Write("lists/" + std::string(name),
               SignedTlv(content, path, "good", algorithm));
  }
  std::string Put(std::string_view name, std::string_view content) {
    return dir_.Write("tree/" + std::string(name), content);
  }
  std::string Path(std::string_view name) {
    return dir_ / ("tree/" + std::string(name));
  }
  void Start(std::string_view policy = "files", Mode mode = Mode::kEnforce) {
    Start(BuiltIn(policy), mode);
  }
  void Start(Policy policy, Mode mode = Mode::kEnforce) {
    Appraiser::Options options;
    options.policy = std::move(policy);
    options.mode = mode;
    options.root_fd = root_.get();
    options.record = [this](const UseRecord& record) {
      const std::lock_guard lock(records_mutex_);
      records_.push_back(record);
    };
    options.asked = asked_;
    options.content_fell = content_fell_;
    options.withdrawn = withdrawn_;
    if (ask_below_) options.ask_below = ask_below_;
    appraiser_ =
        Must(Appraiser::Create(std::move(options), *lists_, measurer_));
  }
  Appraiser::Answer Judge(std::string_view name, const Use& use = kRead) {
    const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path(name)));
    return Must(appraiser_->Judge(fd.get(), use));
  }
  Reason ReasonFor(std::string_view name, const Use& use = kRead) {
    return Judge(name, use).decision.reason;
  }

  TempDir dir_;
  FakeMeasurer measurer_;
  UniqueFd root_;
  std::unique_ptr<ListStore> lists_;
  std::mutex records_mutex_;
  std::vector<UseRecord> records_;
  std::function<void(const AskedUse&)> asked_;
  std::function<void(FileId)> content_fell_;
  std::function<std::optional<VerityFile>(int, Pages)> ask_below_;
  std::function<void(const std::vector<FileId>&)> withdrawn_;
  std::unique_ptr<Appraiser> appraiser_;
};

TEST_F(AppraiserTest, AllowsKnownContentAndHashesItOnce) {
  Start();
  for (int i = 0; i < 3; ++i) {
    const auto answer = Judge("usr/bin/a");
    EXPECT_TRUE(answer.permitted);
    EXPECT_EQ(answer.decision.verdict, Verdict::kAllow);
    EXPECT_NE(answer.content_id, 0U);
    ASSERT_NE(answer.tags, nullptr);
    EXPECT_TRUE(answer.tags->Matches(0, AsBytes("good content")));
  }
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
  EXPECT_EQ(appraiser_->counters().allowed, 3U);
  EXPECT_TRUE(records_.empty());
}

TEST_F(AppraiserTest, DeniesContentThatNoListKnowsAndRecordsWhy) {
  Start();
  Put("alien", "alien");
  const auto answer = Judge("alien", kExec);
  EXPECT_FALSE(answer.permitted);
  EXPECT_EQ(answer.decision.verdict, Verdict::kDeny);
  EXPECT_EQ(answer.decision.reason, Reason::kUnknownContent);
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_[0].path, "/alien");
  EXPECT_TRUE(records_[0].use.executes());
  EXPECT_EQ(records_[0].digest, DigestOf("alien"));
  EXPECT_FALSE(records_[0].permitted);
}

TEST_F(AppraiserTest, AChangedFileUnderAListedPathIsModified) {
  Start();
  Put("usr/bin/a", "evil content");
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kModified);
  EXPECT_EQ(records_[0].detail,
            "list tlv-a gives " + DigestOf("good content").ToString());
}

TEST_F(AppraiserTest, AMergedUsrPathIsFoundUnderItsListedSpelling) {
  AddList("tlv-b", "good b", "/bin/b");
  Put("usr/bin/b", "evil b");
  Start();
  EXPECT_EQ(ReasonFor("usr/bin/b"), Reason::kModified);
}

TEST_F(AppraiserTest, ASameSizeChangeBelowWithTheOldMtimeIsSeen) {
  Start();
  ASSERT_TRUE(Judge("usr/bin/a").permitted);
  struct stat info {};
  ASSERT_EQ(::stat(Path("usr/bin/a").c_str(), &info), 0);
  Put("usr/bin/a", "evil content");
  const timespec times[] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("usr/bin/a").c_str(), times, 0), 0);
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kModified);
}

TEST_F(AppraiserTest, PutBackItIsAllowedAgain) {
  Start();
  Put("usr/bin/a", "evil content");
  EXPECT_FALSE(Judge("usr/bin/a").permitted);
  Put("usr/bin/a", "good content");
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
}

TEST_F(AppraiserTest, ARemovedListTakesItsFilesWithItWithoutARehash) {
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  fs::rename(dir_ / "lists/tlv-a", dir_ / "tlv-a");
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kUnknownContent);
  fs::rename(dir_ / "tlv-a", dir_ / "lists/tlv-a");
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
}

TEST_F(AppraiserTest, AWriterThroughTheMountDeniesReadersUntilItIsDone) {
  Start();
  Judge("usr/bin/a");
  {
    const auto id =
        Must(StampFile(Must(OpenForReading(AT_FDCWD, Path("usr/bin/a"))).get()))
            .id;
    const WriterGuard writer = appraiser_->BeginWrite(id);
    EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kWriterActive);
    // Our own lease is not in the writer's way.
    const UniqueFd lower(
        ::open(Path("usr/bin/a").c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    EXPECT_TRUE(lower);
  }
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(appraiser_->counters().hashed_files, 2U);
}

TEST_F(AppraiserTest, WithAWriterBelowContentIsJudgedButNotRemembered) {
  Start();
  const UniqueFd writer(
      ::open(Path("usr/bin/a").c_str(), O_WRONLY | O_CLOEXEC));
  for (int i = 0; i < 2; ++i) {
    const auto answer = Judge("usr/bin/a");
    EXPECT_TRUE(answer.permitted);
    EXPECT_NE(answer.tags, nullptr);
    EXPECT_EQ(answer.content_id, 0U);
  }
  EXPECT_EQ(appraiser_->counters().hashed_files, 2U);
}

TEST_F(AppraiserTest, HardLinksShareOneVerdict) {
  Start();
  fs::create_hard_link(Path("usr/bin/a"), Path("b"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_TRUE(Judge("b").permitted);
  // Making the link moved the ctime before the first of them.
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
}

TEST_F(AppraiserTest, AHashGivenUpIsNoVerdict) {
  Start();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  EXPECT_THAT(appraiser_->Judge(fd.get(), kRead, [] { return true; }),
              FailsWith(EINTR));
  EXPECT_TRUE(records_.empty());
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
}

TEST_F(AppraiserTest, AnUnreadableFileIsAnErrorThatEnforceTurnsIntoNo) {
  Start();
  // Written to, not read from: the hash fails with EBADF.
  const UniqueFd fd(::open(Path("usr/bin/a").c_str(), O_WRONLY | O_CLOEXEC));
  const auto answer = Must(appraiser_->Judge(fd.get(), kRead));
  EXPECT_FALSE(answer.permitted);
  EXPECT_EQ(answer.decision.verdict, Verdict::kError);
  EXPECT_EQ(answer.decision.reason, Reason::kIoError);
}

TEST_F(AppraiserTest, LogModeRecordsAndLetsPass) {
  Start("files", Mode::kLog);
  Put("alien", "alien");
  const auto answer = Judge("alien");
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.decision.verdict, Verdict::kDeny);
  EXPECT_EQ(answer.tags, nullptr);
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_TRUE(records_[0].permitted);
}

TEST_F(AppraiserTest, ModeOffHashesNothing) {
  Start("files", Mode::kOff);
  Put("alien", "alien");
  EXPECT_TRUE(Judge("alien").permitted);
  EXPECT_FALSE(appraiser_->Judges(kRead));
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
}

TEST_F(AppraiserTest, WhatIsNotARegularFileIsNotJudged) {
  Start();
  const UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto answer = Must(appraiser_->Judge(fd.get(), kRead));
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.decision.reason, Reason::kNotRegular);
}

TEST_F(AppraiserTest, ThePolicyExecJudgesProgramsAndElfFilesOnly) {
  Start("exec");
  Put("data", "data");
  Put("library", "\177ELF and more");
  EXPECT_TRUE(Judge("data").permitted);
  EXPECT_FALSE(Judge("data", kExec).permitted);
  EXPECT_FALSE(Judge("library").permitted);
}

TEST_F(AppraiserTest, ThePolicyMeasureRecordsUnknownFilesOnceAndDeniesNone) {
  Start("measure");
  Put("alien", "alien");
  EXPECT_TRUE(Judge("alien").permitted);
  EXPECT_TRUE(Judge("alien").permitted);
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  appraiser_.reset();  // measures what is queued
  EXPECT_THAT(measurer_.paths(),
              ::testing::ElementsAre(dir_ / "lists/tlv-a", "/alien"));
  EXPECT_EQ(measurer_.digests()[1], DigestOf("alien").Hex());
}

TEST_F(AppraiserTest, AnotherPolicyCountsFromTheNextUseOn) {
  Start("measure");
  Put("alien", "alien");
  EXPECT_TRUE(Judge("alien").permitted);
  appraiser_->SetPolicy(BuiltIn("files"));
  EXPECT_FALSE(Judge("alien").permitted);
}

TEST_F(AppraiserTest, AMismatchForgetsTheFileAndIsRecorded) {
  Start();
  const auto judged = Judge("usr/bin/a");
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  appraiser_->ReportMismatch(fd.get(), judged.content_id, 4096);
  EXPECT_EQ(appraiser_->counters().cached, 0U);
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_[0].decision.reason, Reason::kModified);
  EXPECT_THAT(records_[0].detail, ::testing::HasSubstr("byte 4096"));
}

TEST_F(AppraiserTest, AMismatchOfOlderContentForgetsNothingNewer) {
  Start();
  const auto judged = Judge("usr/bin/a");
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  appraiser_->ReportMismatch(fd.get(), judged.content_id - 1, 4096);
  EXPECT_EQ(appraiser_->counters().cached, 1U);
}

TEST_F(AppraiserTest, ExplainNamesRuleListsAndExpectedDigests) {
  Start();
  const UniqueFd good = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  auto why = Must(appraiser_->Explain(good.get(), kRead));
  EXPECT_EQ(why.answer.decision.reason, Reason::kKnown);
  EXPECT_EQ(why.path, "/usr/bin/a");
  EXPECT_EQ(why.rule_text, "appraise func=FILE_CHECK");
  EXPECT_EQ(why.rule_line, 4U);
  ASSERT_EQ(why.lists.size(), 1U);
  EXPECT_EQ(why.lists[0].name, "tlv-a");
  EXPECT_EQ(why.lists[0].signer.name, "Tester");
  EXPECT_TRUE(why.lists[0].verified);
  EXPECT_FALSE(why.cached);
  EXPECT_TRUE(Must(appraiser_->Explain(good.get(), kRead)).cached);

  Put("usr/bin/a", "evil content");
  const UniqueFd evil = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  why = Must(appraiser_->Explain(evil.get(), kRead));
  EXPECT_EQ(why.answer.decision.reason, Reason::kModified);
  ASSERT_EQ(why.expected.size(), 1U);
  EXPECT_EQ(why.expected[0].digest, DigestOf("good content"));
  EXPECT_TRUE(records_.empty());
  EXPECT_EQ(appraiser_->counters().denied, 0U);
}

TEST_F(AppraiserTest, ListsInSeveralAlgorithmsWorkTogether) {
  Put("b", "b content");
  dir_.Write("lists/tlv-b",
             SignedTlv("b content", "/b", "good", HashAlgorithm::kSha512));
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_TRUE(Judge("b").permitted);
}

TEST_F(AppraiserTest, UnderARuleForFsVerityAPlainDigestIsUnknown) {
  Put("b", "b content");
  AddList("tlv-b", "b content", "/b", HashAlgorithm::kVeritySha256);
  Start(Parsed("appraise digest_type=verity\n"));
  EXPECT_TRUE(Judge("b").permitted);
  // Not "modified": its list says nothing that counts.
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kUnknownContent);
  Put("b", "b changed");
  EXPECT_EQ(ReasonFor("b"), Reason::kModified);
}

TEST_F(AppraiserTest, WhatAnFsVerityDigestIsTheHashOfIsNotKnownByIt) {
  const Digest root = DigestOf(std::string("b content") +
                               std::string(kVerityBlockBytes - 9, '\0'));
  const auto descriptor =
      WriteVerityDescriptor(HashAlgorithm::kVeritySha256, 9, root.value());
  const std::string forged(AsText(descriptor));
  ASSERT_EQ(DigestOf(forged).Hex(),
            DigestOf("b content", HashAlgorithm::kVeritySha256).Hex());
  Put("b", "b content");
  Put("forged", forged);
  AddList("tlv-b", "b content", "/b", HashAlgorithm::kVeritySha256);
  Start();
  EXPECT_TRUE(Judge("b").permitted);
  EXPECT_EQ(ReasonFor("forged"), Reason::kUnknownContent);
}

TEST_F(AppraiserTest, RulesForDifferentDigestsDoNotTakeTurnsToHash) {
  AddList("tlv-v", "good content", "/usr/bin/a", HashAlgorithm::kVeritySha256);
  Start(Parsed("appraise func=FILE_CHECK digest_type=verity\nappraise\n"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Judge("usr/bin/a", kRead).permitted);
    EXPECT_TRUE(Judge("usr/bin/a", kExec).permitted);
  }
  EXPECT_EQ(appraiser_->counters().hashed_files, 2U);
}

// As if the file "b" had fs-verity.
class BelowTest : public AppraiserTest {
 protected:
  BelowTest() {
    Put("b", "b content");
    AddList("tlv-b", "b content", "/b", kVerity);
    ask_below_ = [this](int, Pages) {
      ++asked_;
      if (while_asked_) std::exchange(while_asked_, nullptr)();
      return std::optional(VerityFile{answer_, 9});
    };
  }
  void StartForVerity(Mode mode = Mode::kEnforce) {
    lists_->WaitUntilLoaded(std::chrono::seconds(10));
    Start(Parsed("appraise digest_type=verity\n"), mode);
  }

  static constexpr auto kVerity = HashAlgorithm::kVeritySha256;
  Digest answer_ = DigestOf("b content", kVerity);
  int asked_ = 0;
  std::function<void()> while_asked_;  // called once
};

TEST_F(BelowTest, ContentThatTheKernelKnowsIsNotHashed) {
  StartForVerity();
  const auto answer = Judge("b");
  EXPECT_TRUE(answer.permitted);
  ASSERT_NE(answer.tags, nullptr);
  EXPECT_EQ(*answer.tags->checked_below(), answer_);
  EXPECT_EQ(answer.tags->file_bytes(), 9U);
  EXPECT_NE(answer.content_id, 0U);
  EXPECT_EQ(Judge("b").content_id, answer.content_id);
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
  EXPECT_EQ(appraiser_->counters().cached, 1U);
}

TEST_F(BelowTest, ItsVerdictFallsWithTheListAndNothingIsHashed) {
  StartForVerity();
  EXPECT_TRUE(Judge("b").permitted);
  fs::remove(dir_ / "lists/tlv-b");
  EXPECT_EQ(ReasonFor("b"), Reason::kUnknownContent);
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
}

TEST_F(BelowTest, ContentThatTheKernelKnowsIsDeniedIfNoListDoes) {
  answer_ = DigestOf("other content", kVerity);
  StartForVerity();
  EXPECT_EQ(ReasonFor("b"), Reason::kModified);
}

// As if the disk had been changed, stamp and all.
TEST_F(BelowTest, IsAskedForWithEachDescriptor) {
  StartForVerity();
  const auto before = Judge("b");
  EXPECT_TRUE(before.permitted);
  answer_ = DigestOf("other content", kVerity);
  EXPECT_EQ(ReasonFor("b"), Reason::kModified);
  answer_ = DigestOf("b content", kVerity);
  const auto after = Judge("b");
  EXPECT_TRUE(after.permitted);
  EXPECT_GT(after.content_id, before.content_id);
}

TEST_F(BelowTest, IsHashedWhereTheKernelUsesAnotherHash) {
  answer_ = DigestOf("b content", HashAlgorithm::kVeritySha512);
  StartForVerity();
  const auto answer = Judge("b");
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.tags->checked_below(), nullptr);
}

TEST_F(BelowTest, IsHashedWhereOtherDigestsCountAsWell) {
  Start();
  const auto answer = Judge("b");
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.tags->checked_below(), nullptr);
  EXPECT_EQ(asked_, 0);
}

TEST_F(BelowTest, IsHashedWhenAnotherRuleWantsMoreAndStaysSo) {
  Start(Parsed("appraise func=FILE_CHECK digest_type=verity\nappraise\n"));
  EXPECT_NE(Judge("b", kRead).tags->checked_below(), nullptr);
  EXPECT_EQ(Judge("b", kExec).tags->checked_below(), nullptr);
  EXPECT_EQ(Judge("b", kRead).tags->checked_below(), nullptr);
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
}

TEST_F(BelowTest, IsDeniedWhileAHandleForWritingIsOpenAllTheSame) {
  StartForVerity();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("b")));
  const auto writer = appraiser_->BeginWrite(Must(StampFile(fd.get())).id);
  EXPECT_EQ(ReasonFor("b"), Reason::kWriterActive);
}

TEST_F(BelowTest, IsAskedAgainIfAWriterCameInMeanwhile) {
  StartForVerity();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("b")));
  const FileId id = Must(StampFile(fd.get())).id;
  while_asked_ = [&] { const auto writer = appraiser_->BeginWrite(id); };
  EXPECT_TRUE(Judge("b").permitted);
  EXPECT_EQ(asked_, 2);
}

TEST_F(AppraiserTest, ManyJudgesAndWritersNeverAllowAlienContent) {
  Start();
  const std::string path = Path("usr/bin/a");
  const auto id =
      Must(StampFile(Must(OpenForReading(AT_FDCWD, path)).get())).id;
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  const auto judge = [&] {
    while (!done) {
      const UniqueFd fd = Must(OpenForReading(AT_FDCWD, path));
      const auto answer = Must(appraiser_->Judge(fd.get(), kRead));
      if (!answer.permitted) continue;
      // What was permitted is what the list knows, whatever the file is now.
      if (!answer.tags->Matches(0, AsBytes("good content"))) ++wrong;
    }
  };
  std::vector<std::thread> judges;
  for (int i = 0; i < 2; ++i) judges.emplace_back(judge);
  for (int i = 0; i < 200; ++i) {
    const WriterGuard writer = appraiser_->BeginWrite(id);
    Put("usr/bin/a", i % 2 == 0 ? "evil content" : "good content");
  }
  done = true;
  for (auto& thread : judges) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
}

// Every step of the hash moves the stamp, and no byte changes.
TEST_F(AppraiserTest, NamesAndModesMayChangeWhileAFileIsHashed) {
  Start();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  const auto answer = Must(appraiser_->Judge(fd.get(), kRead, [&] {
    EXPECT_EQ(::chmod(Path("usr/bin/a").c_str(), 0700), 0);
    return false;
  }));
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
}

class GivenUpHashTest : public AppraiserTest {
 protected:
  // Hashes two of three MiB of a known file, and gives up.
  void SetUp() override {
    Put("large", content_);
    AddList("tlv-large", content_, "/large");
    Start();
    // Asked once before the file is marked, then before each MiB.
    int asked = 0;
    const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("large")));
    EXPECT_THAT(appraiser_->Judge(fd.get(), kRead, [&] { return ++asked > 3; }),
                FailsWith(EINTR));
    EXPECT_EQ(appraiser_->counters().hashed_bytes, 2U << 20);
  }

  std::string content_ = std::string(3 << 20, 'x');
};

TEST_F(GivenUpHashTest, TheNextOpenerGoesOnWithIt) {
  EXPECT_TRUE(Judge("large").permitted);
  EXPECT_EQ(appraiser_->counters().hashed_bytes, content_.size());
}

TEST_F(GivenUpHashTest, IsOfNoUseAfterAChange) {
  content_[0] = 'y';
  Put("large", content_);
  EXPECT_FALSE(Judge("large").permitted);
}

TEST_F(AppraiserTest, AFileThatIsTooLargeIsNotHashedAtAll) {
  Put("huge", "");
  ASSERT_EQ(::truncate(Path("huge").c_str(), (off_t{64} << 30) + 1), 0);
  Start();
  const auto answer = Judge("huge");
  EXPECT_FALSE(answer.permitted);
  EXPECT_EQ(answer.decision.reason, Reason::kIoError);
  EXPECT_EQ(appraiser_->counters().hashed_bytes, 0U);
}

TEST_F(AppraiserTest, TellsWhatListsDoNotPermitAnyMore) {
  AddList("tlv-b", "other content", "/usr/bin/b");
  const std::string other = Put("usr/bin/b", "other content");
  FirstFallen fell;
  content_fell_ = fell.Listener();
  ASSERT_TRUE(lists_->WaitUntilLoaded(std::chrono::minutes(1)));
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_TRUE(Judge("usr/bin/b").permitted);
  fs::remove(dir_ / "lists/tlv-b");
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, other));
  EXPECT_EQ(fell.Wait(), Must(StampFile(fd.get())).id);
  appraiser_.reset();  // listens no more
}

TEST_F(AppraiserTest, WaitsForTheEndOfAWriterButNotForLong) {
  Start();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  const FileId id = Must(StampFile(fd.get())).id;
  EXPECT_TRUE(appraiser_->WaitForWriters(id, {}));
  std::optional<WriterGuard> writer = appraiser_->BeginWrite(id);
  EXPECT_THAT(appraiser_->WaitForWriters(id, [] { return true; }),
              FailsWith(EINTR));
  EXPECT_TRUE(appraiser_->WaitForWriters(id, {}));  // in vain
  int asked = 0;
  EXPECT_TRUE(appraiser_->WaitForWriters(id, [&] {
    if (++asked == 2) writer.reset();
    return false;
  }));
  EXPECT_EQ(asked, 2);
}

class RevokedTest : public AppraiserTest {
 protected:
  RevokedTest() {
    ListStore::Options options;
    options.sources = {{.path = dir_ / "lists", .label = {}, .read = {}}};
    options.withdrawals.revocations = dir_ / "revoked";
    lists_ = Must(ListStore::Open(
        std::move(options), {.verifier = std::make_shared<FakeVerifier>()},
        measurer_));
  }
  void Revoke(const std::string& entry) const {
    dir_.Write("new", entry + "\n");
    fs::rename(dir_ / "new", dir_ / "revoked");
  }
};

TEST_F(RevokedTest, ContentOfARevokedKeyIsDeniedWithoutARehash) {
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  Revoke("key " + FakeVerifier::kFingerprint);
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kRevoked);
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_.front().detail, "list tlv-a is revoked by \"key " +
                                         FakeVerifier::kFingerprint + "\"");
}

TEST_F(RevokedTest, ARevokedDigestIsDeniedWhateverListsKnow) {
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  const Digest digest = DigestOf("good content", HashAlgorithm::kSha512);
  Revoke("digest " + digest.ToString());
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kRevoked);
  fs::remove(dir_ / "revoked");
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kKnown);
}

TEST_F(RevokedTest, ARevokedDigestNeedsNoListToBeRevoked) {
  Put("usr/bin/alien", "alien");
  Start();
  Revoke("digest " + DigestOf("alien").ToString());
  EXPECT_EQ(ReasonFor("usr/bin/alien"), Reason::kRevoked);
}

TEST_F(RevokedTest, ARevokedListIsNoneThatSaysWhatAPathShouldHold) {
  Put("usr/bin/a", "changed");
  Start();
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kModified);
  Revoke("key " + FakeVerifier::kFingerprint);
  EXPECT_EQ(ReasonFor("usr/bin/a"), Reason::kUnknownContent);
}

TEST_F(RevokedTest, TellsOfContentThatFellAlsoInANewAlgorithm) {
  FirstFallen fell;
  content_fell_ = fell.Listener();
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  Revoke("digest " +
         DigestOf("good content", HashAlgorithm::kSha384).ToString());
  EXPECT_EQ(fell.Wait(), Must(StampFile(fd.get())).id);
  appraiser_.reset();  // listens no more
}

TEST_F(RevokedTest, TellsOnceOfFilesWhoseContentIsWithdrawn) {
  std::promise<std::vector<FileId>> told;
  withdrawn_ = [&](const std::vector<FileId>& files) {
    told.set_value(files);  // throws if it is called twice
  };
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  Revoke("key " + FakeVerifier::kFingerprint);
  const auto files = told.get_future().get();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.front(), Must(StampFile(fd.get())).id);
  appraiser_.reset();  // listens no more
}

TEST_F(AppraiserTest, AListThatThePolicyDoesNotAppraiseVouchesForNothing) {
  AddList("tlv-b", "b content", "/b");
  Put("b", "b content");
  Start(
      Parsed("dont_appraise func=DIGEST_LIST_CHECK path=**/tlv-b\n"
             "appraise\n"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(ReasonFor("b"), Reason::kListUnverified);
  EXPECT_THAT(records_.back().detail, ::testing::HasSubstr("list tlv-b"));
}

// Or the list that does not count would vouch for the place.
TEST_F(AppraiserTest, WhatIsBoundMustBeAsAListThatCountsHasIt) {
  AddList("tlv-b", "good content", "/elsewhere");
  Put("elsewhere", "good content");
  Start(
      Parsed("dont_appraise func=DIGEST_LIST_CHECK path=**/tlv-b\n"
             "appraise bind=path\n"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(ReasonFor("elsewhere"), Reason::kPathMismatch);
}

TEST_F(AppraiserTest, RulesSayWhichListsCount) {
  AddList("tlv-b", "b content", "/b");
  Put("b", "b content");
  Start(Parsed("appraise list=tlv-a\n"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(ReasonFor("b"), Reason::kUnknownContent);
  EXPECT_EQ(records_.back().detail,
            "list tlv-b knows it, but not as the rule asks");
  appraiser_->SetPolicy(
      Parsed("appraise signer=" + FakeVerifier::kFingerprint + "\n"));
  EXPECT_TRUE(Judge("b").permitted);
  appraiser_->SetPolicy(Parsed("appraise signer=1*\n"));
  EXPECT_FALSE(Judge("b").permitted);
}

TEST_F(AppraiserTest, AllOccasionsOfOneUseMustPermitIt) {
  AddList("tlv-v", "good content", "/usr/bin/a", HashAlgorithm::kVeritySha256);
  Put("b", "b content");
  AddList("tlv-b", "b content", "/b");
  // Reading asks for the one, execution for both.
  Start(
      Parsed("appraise func=DIGEST_LIST_CHECK\nappraise func=FILE_CHECK\n"
             "appraise func=BPRM_CHECK digest_type=verity\n"));
  EXPECT_TRUE(Judge("b", kRead).permitted);
  EXPECT_FALSE(Judge("b", kExec).permitted);
  EXPECT_TRUE(Judge("usr/bin/a", kExec).permitted);
}

TEST_F(AppraiserTest, FilesAreMeasuredInThePcrOfTheirRule) {
  Start(Parsed("measure func=BPRM_CHECK pcr=11\nmeasure func=FILE_CHECK\n"));
  Judge("usr/bin/a", kExec);
  appraiser_.reset();  // measures what is queued
  // The list came first, when it was loaded.
  EXPECT_THAT(
      measurer_.paths(),
      ::testing::ElementsAre(dir_ / "lists/tlv-a", "/usr/bin/a", "/usr/bin/a"));
  // Execution is an open, too.
  EXPECT_THAT(measurer_.pcrs(),
              ::testing::ElementsAre(std::nullopt, std::nullopt, 11U));
}

TEST_F(AppraiserTest, WhatIsBeingWrittenIsMeasuredAsAViolationOnce) {
  Start(Parsed("measure func=FILE_CHECK digest_cache=data pcr=11\n"));
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  {
    const WriterGuard writer =
        appraiser_->BeginWrite(Must(StampFile(fd.get())).id);
    EXPECT_TRUE(Judge("usr/bin/a").permitted);
    EXPECT_TRUE(Judge("usr/bin/a").permitted);
  }
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  appraiser_.reset();
  EXPECT_THAT(measurer_.paths(),
              ::testing::ElementsAre(dir_ / "lists/tlv-a", "/usr/bin/a"));
  EXPECT_EQ(measurer_.digests().back(), "");
}

TEST_F(AppraiserTest, AListStandsForItsFilesOnlyWhereTheRuleSaysSo) {
  Start(
      Parsed("measure func=FILE_CHECK digest_cache=data pcr=11\n"
             "measure func=BPRM_CHECK pcr=12\n"));
  Judge("usr/bin/a", kRead);
  Judge("usr/bin/a", kExec);
  appraiser_.reset();
  EXPECT_THAT(measurer_.pcrs(), ::testing::ElementsAre(std::nullopt, 12U));
}

TEST_F(AppraiserTest, EachContentIsAuditedOnce) {
  Start(Parsed("audit\n"));
  Judge("usr/bin/a");
  Judge("usr/bin/a");
  ASSERT_EQ(records_.size(), 1U);
  EXPECT_EQ(records_[0].path, "/usr/bin/a");
  EXPECT_TRUE(records_[0].permitted);
  Put("usr/bin/a", "other content");
  Judge("usr/bin/a");
  EXPECT_EQ(records_.size(), 2U);
}

TEST_F(AppraiserTest, HashRemembersWithoutAnAnswer) {
  Start(Parsed("hash\n"));
  Put("alien", "alien");
  EXPECT_EQ(Judge("alien").decision.verdict, Verdict::kUnjudged);
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
  EXPECT_EQ(appraiser_->counters().cached, 1U);
}

TEST_F(AppraiserTest, WhatIsKnownOfTheUseIsFoundOut) {
  Put("alien", "alien");
  Start(
      Parsed("appraise func=DIGEST_LIST_CHECK\n"
             "dont_appraise path=/alien euid=5\nappraise\n"));
  Use use{.uid = 5};
  EXPECT_FALSE(Judge("alien", use).permitted) << "nobody knows who asks";
  use.number(NumberFact::kEuid) = 5;
  EXPECT_TRUE(Judge("alien", use).permitted);
}

TEST_F(AppraiserTest, OfWhatIsReadAllRulesForReadingMustHold) {
  FirstFallen fell;
  content_fell_ = fell.Listener();
  AddList("tlv-b", "good content", "/usr/bin/b");
  ASSERT_TRUE(lists_->WaitUntilLoaded(std::chrono::minutes(1)));
  Start(Parsed("appraise list=tlv-a fowner=0\nappraise\n"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  fs::remove(dir_ / "lists/tlv-a");
  // Another list still knows it.
  EXPECT_EQ(fell.Wait(), Must(StampFile(fd.get())).id);
  appraiser_.reset();  // listens no more
}

class BoundTest : public AppraiserTest {
 protected:
  void Start(std::set<std::string> unbound = {}) {
    Appraiser::Options options;
    options.policy = Bind(BuiltIn("files"), {.path = true});
    options.root_fd = root_.get();
    options.unbound = std::move(unbound);
    appraiser_ =
        Must(Appraiser::Create(std::move(options), *lists_, measurer_));
  }
  Appraiser::Explanation Explain(std::string_view name) {
    const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path(name)));
    return Must(appraiser_->Explain(fd.get(), kRead));
  }
};

TEST_F(BoundTest, KnownContentCountsUnderItsOwnPathOnly) {
  Put("usr/bin/copy", "good content");
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  EXPECT_EQ(ReasonFor("usr/bin/copy"), Reason::kPathMismatch);
  EXPECT_EQ(Explain("usr/bin/copy").detail,
            "list tlv-a gives it the path /usr/bin/a");
}

TEST_F(BoundTest, AFileThatIsMovedIsOutOfPlaceWithoutARehash) {
  Start();
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
  fs::rename(Path("usr/bin"), Path("usr/moved"));
  EXPECT_EQ(ReasonFor("usr/moved/a"), Reason::kPathMismatch);
  fs::rename(Path("usr/moved"), Path("usr/bin"));
  EXPECT_TRUE(Judge("usr/bin/a").permitted);
}

TEST_F(BoundTest, EachOwnerOfThePathCounts) {
  AddList("tlv-b", "good content", "/usr/bin/b");
  AddList("tlv-c", "other content", "/usr/bin/b");
  Put("usr/bin/b", "good content");
  Start();
  EXPECT_TRUE(Judge("usr/bin/b").permitted);
  Put("usr/bin/b", "other content");
  EXPECT_TRUE(Judge("usr/bin/b").permitted);
}

TEST_F(BoundTest, AListThatGivesNoPathBindsToNone) {
  AddList("tlv-b", "b", "");
  Put("usr/bin/b", "b");
  Start();
  EXPECT_EQ(ReasonFor("usr/bin/b"), Reason::kPathMismatch);
  EXPECT_EQ(Explain("usr/bin/b").detail, "list tlv-b gives it no path");
}

TEST_F(BoundTest, AnUnboundPackageMayBeRelocated) {
  const ByteVector payload = HeaderBuilder()
                                 .Package("foo", "1", "1", "noarch")
                                 .Algorithm(8)
                                 .File("/opt/foo", DigestOf("foo").Hex())
                                 .Build();
  const ByteVector bytes =
      AppendSignature(payload, SignatureFormat::kPkcs7, AsBytes("good"));
  dir_.Write("lists/rpm-foo", AsText(bytes));
  Put("usr/bin/foo", "foo");
  Start();
  EXPECT_EQ(ReasonFor("usr/bin/foo"), Reason::kPathMismatch);
  Start({"foo"});
  EXPECT_TRUE(Judge("usr/bin/foo").permitted);
}

// What it told of one use, once that is over.
struct Asked {
  Use use;
  std::vector<Digest> digests;
  Verdict verdict;
  const Rule* rule;
  mode_t mode;
};

class AskedTest : public AppraiserTest {
 protected:
  AskedTest() {
    asked_ = [this](const AskedUse& asked) {
      told_.push_back({asked.use,
                       asked.content == nullptr ? std::vector<Digest>()
                                                : asked.content->digests,
                       asked.decision.verdict, asked.decision.rule,
                       asked.mode});
    };
  }
  std::vector<Asked> told_;
};

TEST_F(AskedTest, IsToldOfEveryUseWithAllThatAPolicyMayAsk) {
  Start("files");
  Put("alien", "alien");
  Use use = kRead;
  use.pid = ::gettid();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  EXPECT_TRUE(Must(appraiser_->Judge(fd.get(), use)).permitted);
  EXPECT_FALSE(Judge("alien").permitted);
  ASSERT_EQ(told_.size(), 2U);
  const Asked& known = told_[0];
  EXPECT_EQ(known.verdict, Verdict::kAllow);
  EXPECT_EQ(known.rule, nullptr);
  EXPECT_TRUE(S_ISREG(known.mode));
  EXPECT_EQ(known.digests, std::vector{DigestOf("good content")});
  for (std::size_t i = 0; i < kNumberCount; ++i) {
    EXPECT_TRUE(known.use.numbers[i]) << i;
  }
  EXPECT_EQ(known.use.texts[static_cast<std::size_t>(TextFact::kPath)].front(),
            "/usr/bin/a");
  for (const TextFact fact : {TextFact::kExe, TextFact::kContainer}) {
    EXPECT_FALSE(known.use.texts[static_cast<std::size_t>(fact)].empty());
  }
  EXPECT_EQ(known.use.elf, false);
  EXPECT_EQ(known.use.setuid, false);
  EXPECT_EQ(told_[1].verdict, Verdict::kDeny);
  EXPECT_EQ(told_[1].digests, std::vector{DigestOf("alien")});
}

TEST_F(AskedTest, WhatNoRuleSpeaksOfIsHashedAndStaysUnjudged) {
  AddList("tlv-sha512", "other", "/other", HashAlgorithm::kSha512);
  ASSERT_TRUE(lists_->WaitUntilLoaded(std::chrono::seconds(10)));
  Start(
      Parsed("dont_hash\nappraise func=DIGEST_LIST_CHECK\n"
             "appraise func=BPRM_CHECK digest_type=verity\n"));
  Put("data", "data");
  EXPECT_TRUE(appraiser_->Judges(kRead));
  const auto answer = Judge("data");
  EXPECT_TRUE(answer.permitted);
  EXPECT_EQ(answer.tags, nullptr);
  EXPECT_EQ(answer.decision.verdict, Verdict::kUnjudged);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].verdict, Verdict::kUnjudged);
  EXPECT_THAT(
      told_[0].digests,
      ::testing::IsSupersetOf({DigestOf("data", HashAlgorithm::kSha256),
                               DigestOf("data", HashAlgorithm::kSha512)}));
  // Nor does what rules do not ask for make them judge otherwise.
  EXPECT_FALSE(Judge("data", kExec).permitted);
  EXPECT_EQ(appraiser_->counters().allowed, 0U);
  EXPECT_EQ(appraiser_->policy()->rules.size(), 3U);
}

TEST_F(AskedTest, WhatIsBeingWrittenHasNoDigestsAndIsPermittedUnjudged) {
  Start("exec");
  Put("data", "data");
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("data")));
  const WriterGuard writer =
      appraiser_->BeginWrite(Must(StampFile(fd.get())).id);
  EXPECT_TRUE(Judge("data").permitted);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(told_[0].digests.empty());
}

TEST_F(AskedTest, WhoOnlyWritesIsNotedWithoutALookAtTheContent) {
  Start("exec");
  Put("data", "data");
  const Use write{.mask = kMayWrite, .uid = 5, .pid = ::gettid()};
  EXPECT_FALSE(appraiser_->Judges(write));
  const UniqueFd fd(::open(Path("data").c_str(), O_PATH | O_CLOEXEC));
  appraiser_->NoteUnjudged(fd.get(), write);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].use.mask, kMayWrite);
  EXPECT_EQ(told_[0].use.uid, 5U);
  EXPECT_EQ(told_[0].use.texts[static_cast<std::size_t>(TextFact::kPath)],
            (std::vector<std::string>{"/data", Path("data")}));
  EXPECT_TRUE(
      told_[0].use.numbers[static_cast<std::size_t>(NumberFact::kFowner)]);
  EXPECT_EQ(told_[0].use.elf, std::nullopt);
  EXPECT_TRUE(told_[0].digests.empty());
  EXPECT_EQ(told_[0].verdict, Verdict::kUnjudged);
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
}

TEST_F(AskedTest, AWriteThatIsJudgedIsToldOfOnce) {
  Start(
      Parsed("appraise func=DIGEST_LIST_CHECK\n"
             "appraise mask=MAY_WRITE\n"));
  const Use write{.mask = kMayWrite};
  EXPECT_TRUE(appraiser_->Judges(write));
  EXPECT_TRUE(Judge("usr/bin/a", write).permitted);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].digests.size(), 1U);
}

TEST_F(AskedTest, NobodyIsToldOfExplanationsOrInModeOff) {
  Start();
  const UniqueFd fd = Must(OpenForReading(AT_FDCWD, Path("usr/bin/a")));
  Must(appraiser_->Explain(fd.get(), kRead));
  Start("files", Mode::kOff);
  Judge("usr/bin/a");
  appraiser_->NoteUnjudged(fd.get(), kRead);
  EXPECT_FALSE(appraiser_->Judges(kRead));
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
}

}  // namespace
}  // namespace assayfs
