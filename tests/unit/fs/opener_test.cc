// SPDX-License-Identifier: Apache-2.0
#include "fs/opener.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "unit/fs/judged_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::JudgedTree;
using testing::kGoodText;
using testing::LowerTree;
using testing::Must;
using testing::TempDir;

constexpr Caller kUser{.uid = 1000};
constexpr Caller kRoot;

class OpenerTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<OpenFile>> Open(const char* name, int flags) {
    return opener_->Open(tree_.At(name), flags, kUser, {});
  }
  Result<Opener::Created> Create(const char* name, int flags, mode_t mode) {
    return opener_->Create(
        tree_.table(), tree_.root(), name, mode, flags,
        {.uid = ::getuid(), .gid = ::getgid(), .umask = 022});
  }
  std::string Read(const OpenFile& file) {
    ByteVector buffer;
    std::optional<OpenFile::Mismatch> mismatch;
    return std::string(AsText(
        Must(file.Read(0, 100, OpenFile::ReadFor::kCache, buffer, mismatch))));
  }

  JudgedTree judged_;
  LowerTree& tree_ = judged_.tree();
  Appraiser* const appraiser_ = &judged_.appraiser();
  KernelPassthrough kernel_;  // never offered
  const std::unique_ptr<Opener> opener_ = std::make_unique<Opener>(
      judged_.appraiser(), nullptr, kernel_, DataPath::kAuto, nullptr);
};

TEST_F(OpenerTest, OpensKnownContentWithCheckedReads) {
  const auto file = Must(Open("good", O_RDONLY));
  EXPECT_TRUE(file->verified());
  EXPECT_EQ(Read(*file), kGoodText);
}

TEST_F(OpenerTest, DeniesUnknownContentHoweverItIsRead) {
  EXPECT_THAT(Open("bad", O_RDONLY), FailsWith(EACCES));
  EXPECT_THAT(Open("bad", O_RDWR), FailsWith(EACCES));
  EXPECT_THAT(Open("bad", O_RDONLY | kOpenForExec), FailsWith(EACCES));
}

TEST_F(OpenerTest, LetsContentBeReplacedUnjudged) {
  EXPECT_TRUE(Open("bad", O_WRONLY));
  EXPECT_TRUE(Open("bad", O_RDWR | O_TRUNC));
  EXPECT_EQ(tree_.Stat("bad").st_size, 0);
}

TEST_F(OpenerTest, AnOpenThatOnlyWritesIsJudgedWhereThePolicySaysSo) {
  appraiser_->SetPolicy(testing::Parsed(
      "appraise func=DIGEST_LIST_CHECK\nappraise mask=^MAY_WRITE\n"));
  EXPECT_THAT(Open("bad", O_WRONLY), FailsWith(EACCES));
  EXPECT_THAT(Open("bad", O_WRONLY | O_TRUNC), FailsWith(EACCES));
  EXPECT_THAT(Open("bad", O_RDONLY | O_TRUNC), FailsWith(EACCES));
  EXPECT_THAT(Open("bad", O_RDWR | O_APPEND), FailsWith(EACCES));
  EXPECT_NE(tree_.Stat("bad").st_size, 0);
  EXPECT_TRUE(Open("bad", O_RDONLY));
  EXPECT_TRUE(Open("good", O_WRONLY));
}

TEST_F(OpenerTest, AppendingIsAPurposeOfItsOwn) {
  appraiser_->SetPolicy(testing::Parsed(
      "appraise func=DIGEST_LIST_CHECK\nappraise mask=^MAY_APPEND\n"));
  EXPECT_THAT(Open("bad", O_WRONLY | O_APPEND), FailsWith(EACCES));
  EXPECT_TRUE(Open("bad", O_WRONLY));
  // The kernel does not say O_APPEND of what only reads.
  EXPECT_TRUE(Open("bad", O_RDONLY | O_APPEND));
}

TEST_F(OpenerTest, KeepsPagesOfTheSameContent) {
  EXPECT_FALSE(Must(Open("good", O_RDONLY))->keeps_pages());
  EXPECT_TRUE(Must(Open("good", O_RDONLY))->keeps_pages());
  Must(Open("good", O_WRONLY));
  EXPECT_FALSE(Must(Open("good", O_RDONLY))->keeps_pages());
}

TEST_F(OpenerTest, WhatTheKernelChecksKeepsItsPages) {
  judged_.GiveVerity();
  const auto file = Must(Open("good", O_RDONLY));
  EXPECT_TRUE(file->verified_bytes());
  EXPECT_EQ(Read(*file), kGoodText);
  EXPECT_TRUE(Must(Open("good", O_RDONLY))->keeps_pages());
  EXPECT_THAT(Open("bad", O_RDONLY), FailsWith(EACCES));
  EXPECT_EQ(appraiser_->counters().hashed_files, 0U);
}

// As if it was judged before it was given fs-verity, and is still open.
TEST_F(OpenerTest, WhoHasHashedContentOpenGoesOnBesideWhoHasNot) {
  const auto hashed = Must(Open("good", O_RDONLY));
  judged_.GiveVerity();
  const auto checked = Must(Open("good", O_RDONLY));
  EXPECT_EQ(appraiser_->counters().hashed_files, 1U);
  EXPECT_EQ(Read(*hashed), kGoodText);
  EXPECT_EQ(Read(*checked), kGoodText);
}

TEST_F(OpenerTest, DeniesReadingWhileSomebodyWrites) {
  {
    const auto writer = Must(Open("good", O_RDWR));
    EXPECT_THAT(Open("good", O_RDONLY), FailsWith(EACCES));
  }
  EXPECT_TRUE(Open("good", O_RDONLY));
}

TEST_F(OpenerTest, GivesItsOwnLeaseUpBeforeItOpensForWriting) {
  Must(Open("good", O_RDONLY));
  // With O_NONBLOCK the open would fail on a lease instead of waiting.
  EXPECT_TRUE(Open("good", O_WRONLY | O_NONBLOCK));
}

TEST_F(OpenerTest, SaysWhenItWasToldToGiveUp) {
  std::string large(3 << 20, 'x');
  tree_.dir().Write("large", large);
  EXPECT_THAT(
      opener_->Open(tree_.At("large"), O_RDONLY, kUser, [] { return true; }),
      FailsWith(EINTR));
}

TEST_F(OpenerTest, WhatIsOpenForExecutionCannotBeChanged) {
  auto program = Must(Open("good", O_RDONLY | kOpenForExec));
  EXPECT_THAT(Open("good", O_WRONLY), FailsWith(ETXTBSY));
  EXPECT_THAT(Open("good", O_RDONLY | O_TRUNC), FailsWith(ETXTBSY));
  const LowerRef file = tree_.At("good");
  EXPECT_THAT(opener_->BeginChange(file), FailsWith(ETXTBSY));
  EXPECT_EQ(testing::ReadText(tree_.dir() / "good"), kGoodText);
  EXPECT_TRUE(Open("good", O_RDONLY));
  program.reset();
  EXPECT_TRUE(Open("good", O_WRONLY));
}

TEST_F(OpenerTest, WhatIsOpenForWritingCannotBeExecuted) {
  {
    const auto writer = Must(Open("good", O_WRONLY));
    EXPECT_THAT(Open("good", O_RDONLY | kOpenForExec), FailsWith(ETXTBSY));
  }
  EXPECT_TRUE(Open("good", O_RDONLY | kOpenForExec));
}

TEST_F(OpenerTest, WhatMayNotBeExecutedCanBeChanged) {
  EXPECT_THAT(Open("bad", O_RDONLY | kOpenForExec), FailsWith(EACCES));
  const auto file = tree_.At("bad");
  EXPECT_TRUE(file.open_state()->BeginWriting(std::chrono::milliseconds(0)));
}

TEST_F(OpenerTest, OpensRegularFilesOnly) {
  EXPECT_THAT(opener_->Open(tree_.root(), O_RDONLY, kUser, {}),
              FailsWith(ENXIO));
}

TEST_F(OpenerTest, TruncatingTakesTheSetUserIdBitFromUsers) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  const std::string path = tree_.dir() / "bad";
  ASSERT_EQ(::chmod(path.c_str(), 04755), 0);
  Must(opener_->Open(tree_.At("bad"), O_WRONLY | O_TRUNC, kRoot, {}));
  EXPECT_EQ(tree_.Permissions("bad"), 04755U);
  Must(Open("bad", O_WRONLY | O_TRUNC));
  EXPECT_EQ(tree_.Permissions("bad"), 0755U);
}

TEST_F(OpenerTest, CreatesFilesUnjudged) {
  auto created = Must(Create("new", O_RDWR, 0666));
  EXPECT_EQ(tree_.Permissions("new"), 0644U);
  Must(created.file->Write(AsBytes("x"), 0, OpenFile::Place::kOffset));
  EXPECT_EQ(Read(*created.file), "x");
  EXPECT_EQ(tree_.At("new").node(), created.entry.lower.node());
}

TEST_F(OpenerTest, CreatesFilesThatEvenTheirOwnerMayNotWriteLater) {
  auto created = Must(Create("new", O_WRONLY, 0444));
  Must(created.file->Write(AsBytes("x"), 0, OpenFile::Place::kOffset));
}

TEST_F(OpenerTest, DoesNotCreateOverWhatIsThere) {
  EXPECT_THAT(Create("bad", O_RDWR | O_EXCL, 0666), FailsWith(EEXIST));
  EXPECT_THAT(Create("bad", O_RDWR, 0666), FailsWith(ESTALE));
}

TEST_F(OpenerTest, AChangeWithoutAnOpenKeepsReadersOut) {
  {
    const LowerRef file = tree_.At("good");
    const ChangeGuard change = Must(opener_->BeginChange(file));
    EXPECT_THAT(Open("good", O_RDONLY), FailsWith(EACCES));
  }
  EXPECT_TRUE(Open("good", O_RDONLY));
}

TEST_F(OpenerTest, JudgingLeavesTheTimeOfAccessAlone) {
  const timespec old[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (tree_.dir() / "good").c_str(), old, 0), 0);
  const auto file = Must(Open("good", O_RDONLY));
  EXPECT_EQ(tree_.Stat("good").st_atim.tv_sec, 1);
  EXPECT_EQ(::fcntl(file->fd(), F_GETFL) & O_NOATIME, 0);
}

TEST_F(OpenerTest, RefusesDirectAccessWhereTheLowerFileCannot) {
  const UniqueFd root(::open("/proc", O_PATH | O_CLOEXEC));
  const auto table = Must(InodeTable::Create(root.get(), 4));
  const Entry file =
      Must(Lookup(*table, Must(table->Get(kRootNode)), "version"));
  EXPECT_THAT(opener_->Open(file.lower, O_RDONLY | O_DIRECT, kUser, {}),
              FailsWith(EINVAL));
}

// Keeps what it is told of as "PATH MASK DIGESTS".
class RecordingOpenerTest : public ::testing::Test {
 protected:
  std::vector<std::string> told_;
  JudgedTree judged_{[this](const AskedUse& asked) {
    const auto& paths =
        asked.use.texts[static_cast<std::size_t>(TextFact::kPath)];
    const std::size_t digests =
        asked.content == nullptr ? 0 : asked.content->digests.size();
    told_.push_back((paths.empty() ? "?" : paths.front()) + " " +
                    std::to_string(asked.use.mask) + " " +
                    std::to_string(digests));
  }};
  LowerTree& tree_ = judged_.tree();
  KernelPassthrough kernel_;  // never offered
  Opener opener_{judged_.appraiser(), nullptr, kernel_, DataPath::kAuto,
                 nullptr};
  const Caller self_{.uid = ::getuid(), .gid = ::getgid(), .umask = 022};
};

TEST_F(RecordingOpenerTest, EveryOpenIsToldOfOnce) {
  EXPECT_TRUE(opener_.Open(tree_.At("good"), O_RDONLY, kUser, {}));
  EXPECT_FALSE(opener_.Open(tree_.At("bad"), O_RDWR, kUser, {}));
  EXPECT_TRUE(opener_.Open(tree_.At("bad"), O_WRONLY, kUser, {}));
  EXPECT_TRUE(opener_.Open(tree_.At("bad"), O_RDWR | O_TRUNC, kUser, {}));
  EXPECT_THAT(told_, ::testing::ElementsAre("/good 4 1", "/bad 6 1", "/bad 2 0",
                                            "/bad 2 0"));
}

TEST_F(RecordingOpenerTest, FilesThatAreMadeAreWritten) {
  for (const int flags : {O_RDONLY, O_WRONLY | O_APPEND, O_RDWR}) {
    const std::string name = "new" + std::to_string(told_.size());
    Must(opener_.Create(tree_.table(), tree_.root(), name.c_str(), 0644, flags,
                        self_));
  }
  EXPECT_THAT(told_,
              ::testing::ElementsAre("/new0 2 0", "/new1 10 0", "/new2 2 0"));
}

TEST_F(RecordingOpenerTest, WhatDoesNotOpenIsNoWrite) {
  const auto executed =
      Must(opener_.Open(tree_.At("good"), O_RDONLY | kOpenForExec, kUser, {}));
  EXPECT_THAT(opener_.Open(tree_.At("good"), O_WRONLY, kUser, {}),
              FailsWith(ETXTBSY));
  EXPECT_THAT(told_, ::testing::ElementsAre("/good 1 1"));
}

}  // namespace
}  // namespace assayfs
