// SPDX-License-Identifier: Apache-2.0
#include "tpm/log_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::IsEmpty;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

ImaRecord Record(std::string_view path) {
  return Must(MakeImaNgRecord(
      12, Must(HashBytes(HashAlgorithm::kSha256, AsBytes("x"))), path));
}

TEST(LogFileTest, CreatesAPrivateFile) {
  const TempDir dir;
  Must(LogFile::Open(dir / "log"));
  struct stat info {};
  ASSERT_EQ(::stat((dir / "log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFREG | 0600U);
}

TEST(LogFileTest, RefusesWhatIsNotAFile) {
  const TempDir dir;
  dir.Write("real", "");
  std::filesystem::create_symlink(dir / "real", dir / "link");
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(LogFile::Open(dir / "link"), FailsWith(ELOOP));
  EXPECT_THAT(LogFile::Open(dir / "fifo"), FailsWith(EINVAL));
  EXPECT_THAT(LogFile::Open(dir.path()), FailsWith(EISDIR));
  EXPECT_THAT(LogFile::Open(dir / "missing/log"), FailsWith(ENOENT));
}

TEST(LogFileTest, ReadsOnlyWhatOthersAppended) {
  const TempDir dir;
  auto one = Must(LogFile::Open(dir / "log"));
  auto other = Must(LogFile::Open(dir / "log"));
  Must(one.Append(Record("/a")));
  EXPECT_THAT(Must(one.ReadOn()), IsEmpty());
  EXPECT_THAT(Must(other.ReadOn()), ElementsAre(Record("/a")));
  Must(other.Append(Record("/b")));
  Must(other.Append(Record("/c")));
  EXPECT_THAT(Must(one.ReadOn()), ElementsAre(Record("/b"), Record("/c")));
  EXPECT_THAT(Must(other.ReadOn()), IsEmpty());
}

TEST(LogFileTest, CutsATornRecordOff) {
  const TempDir dir;
  ByteVector bytes;
  EncodeRecord(Record("/a"), bytes);
  const std::string whole(AsText(bytes));
  dir.Write("log", whole + whole.substr(0, 50));
  auto log = Must(LogFile::Open(dir / "log"));
  EXPECT_THAT(Must(log.ReadOn()), ElementsAre(Record("/a")));
  EXPECT_TRUE(log.torn());
  Must(log.CutTorn());
  EXPECT_FALSE(log.torn());
  EXPECT_EQ(ReadText(dir / "log"), whole);
}

TEST(LogFileTest, RefusesALogThatBecameShorter) {
  const TempDir dir;
  auto log = Must(LogFile::Open(dir / "log"));
  Must(log.Append(Record("/a")));
  std::filesystem::resize_file(dir / "log", 3);
  EXPECT_THAT(log.ReadOn(), FailsWith(EBADMSG));
}

TEST(LogFileTest, RefusesWhatIsNoLog) {
  const TempDir dir;
  auto log = Must(LogFile::Open(dir.Write("log", "some text")));
  EXPECT_THAT(log.ReadOn(), FailsWith(EBADMSG));
  EXPECT_EQ(ReadText(dir / "log"), "some text");
}

TEST(LogFileTest, RefusesALogOverTheLimit) {
  const TempDir dir;
  auto log = Must(LogFile::Open(dir / "log"));
  std::filesystem::resize_file(dir / "log", LogFile::kMaxBytes + 1);
  EXPECT_THAT(log.ReadOn(), FailsWith(EFBIG));
}

TEST(LogFileTest, FailedAppendLeavesTheFileAsItWas) {
  const TempDir dir;
  auto log = Must(LogFile::Open(dir / "log"));
  Must(log.Append(Record("/a")));
  const std::string before = ReadText(dir / "log");
  // A limit on file size lets part of the record through and then fails.
  struct rlimit old_limit {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  struct rlimit limit = old_limit;
  limit.rlim_cur = before.size() + 10;
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto appended = log.Append(Record("/b"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(appended, FailsWith(EFBIG));
  EXPECT_EQ(ReadText(dir / "log"), before);
  Must(log.Append(Record("/b")));
}

}  // namespace
}  // namespace assayfs
