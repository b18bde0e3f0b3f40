// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/use_recorder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

#include "app/uses/use_log.h"
#include "support/fakes.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

class UseRecorderTest : public ::testing::Test {
 protected:
  UseRecorder::Options Options(std::string path) {
    return {.path = std::move(path),
            .tell = [this](const std::string& text) { told_.push_back(text); }};
  }
  void Open(UseRecorder::Options options) {
    recorder_ = Must(UseRecorder::Open(std::move(options)));
  }
  void Add(const std::string& path, Mask mask = kMayRead) {
    Use use{.mask = mask};
    use.text(TextFact::kPath) = {path};
    const Decision decision{Verdict::kAllow, Reason::kKnown};
    recorder_->Add({use, nullptr, decision, S_IFREG | 0644});
  }
  // Ends the recorder, and returns what it counted.
  UseRecorder::Counters End() {
    while (recorder_->counters().uses + recorder_->counters().lost <
           expected_) {
      std::this_thread::yield();
    }
    const auto counters = recorder_->counters();
    recorder_.reset();
    return counters;
  }
  mode_t Mode() const {
    struct stat info {};
    return ::stat(file_.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    std::istringstream text(ReadText(file_));
    for (std::string line; std::getline(text, line);) {
      const auto use = ReadUse(line);
      paths.push_back(use ? use->path() : "?");
    }
    return paths;
  }

  TempDir dir_;
  const std::string file_ = dir_ / "uses";
  std::vector<std::string> told_;
  std::size_t expected_ = 0;  // uses that are written or lost
  std::unique_ptr<UseRecorder> recorder_;
};

TEST_F(UseRecorderTest, WritesWhatWasAskedForItsOwnerAlone) {
  Open(Options(file_));
  Use use{.mask = kMayExec, .uid = 7};
  use.text(TextFact::kPath) = {"/bin/a"};
  use.number(NumberFact::kEuid) = 7;
  const Content content{
      .stamp = {}, .digests = {DigestOf("a")}, .tags = nullptr};
  const Decision decision{Verdict::kDeny, Reason::kUnknownContent};
  recorder_->Add({use, &content, decision, S_IFREG | 0755});
  expected_ = 1;
  EXPECT_EQ(End().uses, 1U);
  const auto read = ReadUse(ReadText(file_));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->path(), "/bin/a");
  EXPECT_EQ(read->use.uid, 7U);
  EXPECT_EQ(read->mode, S_IFREG | 0755U);
  EXPECT_THAT(read->digests, ElementsAre(DigestOf("a")));
  EXPECT_EQ(read->verdict, "deny");
  EXPECT_EQ(read->reason, "unknown-content");
  EXPECT_EQ(Mode(), 0600U);
}

TEST_F(UseRecorderTest, WritesEachUseOnce) {
  Open(Options(file_));
  for (int i = 0; i < 3; ++i) {
    Add("/a");
    Add("/a", kMayExec);
  }
  expected_ = 2;
  EXPECT_EQ(End().lost, 0U);
  EXPECT_THAT(Paths(), ElementsAre("/a", "/a"));
}

TEST_F(UseRecorderTest, GoesOnWithAFileThatIsThere) {
  for (const char* path : {"/b", "/c"}) {
    Open(Options(file_));
    Add("/a");
    Add(path);
    expected_ += path == std::string("/b") ? 2 : 1;
    EXPECT_EQ(End().uses, expected_);
  }
  EXPECT_THAT(Paths(), ElementsAre("/a", "/b", "/c"));
}

TEST_F(UseRecorderTest, ALineThatWasCutOffEndsBeforeTheNext) {
  dir_.Write("uses", R"({"path":"/cut)");
  Open(Options(file_));
  Add("/a");
  expected_ = 2;
  End();
  EXPECT_THAT(Paths(), ElementsAre("?", "/a"));
}

TEST_F(UseRecorderTest, AFileThatIsNoRecordIsRefusedAndKept) {
  for (const std::string text :
       {"-----BEGIN CERTIFICATE-----\n", "\n", "{}\n", "{\"path\":\"a\"}\n",
        "denied /a for read by uid 0: modified\n"}) {
    dir_.Write("uses", text);
    ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
    EXPECT_THAT(UseRecorder::Open(Options(file_)),
                FailsSaying(EEXIST, "uses: is there, and is no record"));
    auto options = Options(file_);
    options.max_bytes = 1;
    EXPECT_THAT(UseRecorder::Open(std::move(options)), FailsWith(EEXIST));
    EXPECT_EQ(ReadText(file_), text);
    EXPECT_EQ(Mode(), 0644U);
  }
}

TEST_F(UseRecorderTest, AFileThatOthersCouldReadIsForItsOwnerAlone) {
  for (const char* text : {"", "{\"path\":\"/a\"}\n"}) {
    dir_.Write("uses", text);
    ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
    Open(Options(file_));
    End();
    EXPECT_EQ(Mode(), 0600U);
    EXPECT_EQ(ReadText(file_), text);
  }
}

TEST_F(UseRecorderTest, AFileOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  dir_.Write("uses", "");
  ASSERT_EQ(::chown(file_.c_str(), 1234, 1234), 0);
  EXPECT_THAT(UseRecorder::Open(Options(file_)), FailsWith(EPERM));
}

TEST_F(UseRecorderTest, StopsAtItsLimitAndSaysSoOnce) {
  auto options = Options(file_);
  options.max_bytes = 100;
  Open(std::move(options));
  for (const char* path : {"/a", "/b", "/c"}) Add(path);
  expected_ = 3;
  EXPECT_EQ(End().lost, 2U);
  EXPECT_THAT(Paths(), ElementsAre("/a"));
  EXPECT_THAT(told_, ElementsAre(HasSubstr("limit of 100 bytes")));

  // It stays full, and what is in it is no more known if it is too large.
  auto less = Options(file_);
  less.max_bytes = 10;
  Open(std::move(less));
  Add("/a");
  expected_ = 1;
  EXPECT_EQ(End().lost, 1U);
}

TEST_F(UseRecorderTest, AFileThatCannotBeWrittenToIsToldOfOnce) {
  Open(Options("/dev/full"));
  Add("/a");
  expected_ = 1;
  while (recorder_->counters().lost == 0) std::this_thread::yield();
  Add("/a");  // it is not taken for one that was written
  expected_ = 2;
  EXPECT_EQ(End().lost, 2U);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("No space left on device")));
}

TEST_F(UseRecorderTest, AFifoThatNobodyReadsBlocksNobody) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  Open(Options(file_));
  constexpr int kUses = 3000;
  for (int i = 0; i < kUses; ++i) Add("/" + std::to_string(i));
  expected_ = kUses;
  const auto counters = End();
  EXPECT_GT(counters.uses, 0U);
  EXPECT_GT(counters.lost, 0U);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("uses")));
}

TEST_F(UseRecorderTest, AFullQueueLosesUsesThatMayComeAgain) {
  std::promise<void> taken;
  std::promise<void> go_on;
  auto options = Options("/dev/full");
  options.max_waiting = 1;
  options.tell = [&](const std::string&) {
    taken.set_value();
    go_on.get_future().wait();
  };
  Open(std::move(options));
  Add("/first");
  taken.get_future().wait();
  for (const char* path : {"/a", "/b", "/b"}) Add(path);
  EXPECT_EQ(recorder_->counters().lost, 3U);
  go_on.set_value();
  expected_ = 4;
  EXPECT_EQ(End().lost, 4U);
}

TEST_F(UseRecorderTest, LeavesOutWhatHasNoName) {
  Open(Options(file_));
  recorder_->Add({Use{}, nullptr, Decision{}});
  Add("?");
  EXPECT_EQ(End().lost, 0U);
  EXPECT_THAT(Paths(), IsEmpty());
}

TEST_F(UseRecorderTest, TellsWhatAFileOfUncertainNameSeemsToBeCalled) {
  Open(Options(file_));
  const Use use;
  recorder_->Add({use, nullptr, Decision{}, S_IFREG | 0644, "/usr/bin/perl"});
  expected_ = 1;
  EXPECT_EQ(End().uses, 1U);
  EXPECT_THAT(Paths(), ElementsAre("/usr/bin/perl"));
}

TEST_F(UseRecorderTest, OneFileIsOfOneRecorder) {
  Open(Options(file_));
  EXPECT_THAT(UseRecorder::Open(Options(file_)),
              FailsSaying(EBUSY, "another mount records in it"));
  recorder_.reset();
  Open(Options(file_));
}

TEST_F(UseRecorderTest, WhatCannotBeOpenedIsAnError) {
  EXPECT_THAT(UseRecorder::Open(Options(dir_ / "none/uses")),
              FailsWith(ENOENT));
  EXPECT_THAT(UseRecorder::Open(Options(dir_ / ".")), FailsWith(EISDIR));
  ASSERT_EQ(::symlink("/dev/null", file_.c_str()), 0);
  EXPECT_THAT(UseRecorder::Open(Options(file_)), FailsWith(ELOOP));
}

}  // namespace
}  // namespace assayfs
