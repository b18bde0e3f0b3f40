// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and writing.
#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : dir_fd_(Must(OpenForReading(AT_FDCWD, dir_.path()))) {}

  TempDir dir_;
  UniqueFd dir_fd_;
};

TEST_F(FilesTest, OpensRelativeToAFolder) {
  dir_.Write("a", "content");
  const auto fd = Must(OpenForReading(dir_fd_.get(), "a"));
  EXPECT_EQ(AsText(Must(ReadWholeFile(fd.get(), 100))), "content");
  EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FilesTest, OpeningNamesWhatIsMissing) {
  EXPECT_THAT(OpenForReading(dir_fd_.get(), "missing"),
              FailsSaying(ENOENT, "missing"));
}

TEST_F(FilesTest, FollowsALinkUnlessToldNotTo) {
  dir_.Write("a", "content");
  std::filesystem::create_symlink("a", dir_ / "link");
  EXPECT_TRUE(OpenForReading(dir_fd_.get(), "link"));
  EXPECT_THAT(OpenForReading(dir_fd_.get(), "link", Links::kRefuse),
              FailsSaying(ELOOP, "link"));
}

TEST_F(FilesTest, DoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  const auto fd = Must(OpenForReading(dir_fd_.get(), "fifo"));
  EXPECT_THAT(ReadWholeFile(fd.get(), 100), FailsWith(EINVAL));
}

// A tree beside a file that no path within the tree may reach.
class OpenInRootTest : public FilesTest {
 protected:
  OpenInRootTest() {
    std::filesystem::create_directories(dir_ / "tree/usr/bin");
    std::filesystem::create_symlink("usr/bin", dir_ / "tree/bin");
    dir_.Write("outside", "outside");
    dir_.Write("tree/outside", "inside");
    root_ = Must(OpenForReading(dir_fd_.get(), "tree"));
  }
  std::string Read(const std::string& path) {
    const auto fd =
        Must(OpenInRoot(root_.get(), path, O_RDONLY, Links::kFollow));
    return std::string(AsText(Must(ReadWholeFile(fd.get(), 100))));
  }

  UniqueFd root_;
};

TEST_F(OpenInRootTest, TheTreeIsTheRootOfPathsAndLinks) {
  dir_.Write("tree/usr/bin/true", "true");
  EXPECT_EQ(Read("/bin/true"), "true");
  EXPECT_EQ(Read("/../outside"), "inside");
  EXPECT_EQ(Read("outside"), "inside");
  std::filesystem::create_symlink(dir_ / "outside", dir_ / "tree/absolute");
  EXPECT_THAT(OpenInRoot(root_.get(), "absolute", O_PATH, Links::kFollow),
              FailsSaying(ENOENT, "absolute"));
  std::filesystem::create_symlink("../../outside", dir_ / "tree/relative");
  EXPECT_EQ(Read("relative"), "inside");
}

TEST_F(OpenInRootTest, RefusesLinksWhereTold) {
  const auto open = [this](const std::string& path, int flags, Links links) {
    return OpenInRoot(root_.get(), path, O_PATH | flags, links);
  };
  EXPECT_THAT(open("/bin/x", 0, Links::kRefuse), FailsSaying(ELOOP, "/bin/x"));
  EXPECT_THAT(open("/bin", 0, Links::kRefuse), FailsWith(ELOOP));
  EXPECT_TRUE(open("/usr/bin", 0, Links::kRefuse));
  const auto link = Must(open("/bin", O_NOFOLLOW, Links::kFollow));
  struct stat info {};
  ASSERT_EQ(::fstat(link.get(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  EXPECT_EQ(::fcntl(link.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FilesTest, ReadsFromTheStartWhateverThePosition) {
  dir_.Write("a", "content");
  const auto fd = Must(OpenForReading(dir_fd_.get(), "a"));
  ASSERT_EQ(::lseek(fd.get(), 3, SEEK_SET), 3);
  EXPECT_EQ(AsText(Must(ReadWholeFile(fd.get(), 100))), "content");
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), 3);
}

TEST_F(FilesTest, ReadsAnEmptyFile) {
  dir_.Write("a", "");
  EXPECT_TRUE(Must(ReadFileAt(dir_fd_.get(), "a", 0)).empty());
}

TEST_F(FilesTest, ReadsUpToTheLimit) {
  dir_.Write("a", "12345");
  EXPECT_EQ(Must(ReadFileAt(dir_fd_.get(), "a", 5)).size(), 5u);
  EXPECT_THAT(ReadFileAt(dir_fd_.get(), "a", 4),
              FailsSaying(EFBIG, "a: larger than the limit of 4 bytes"));
}

// The size of files in /proc shows as 0, as if they grew while being read.
TEST_F(FilesTest, ReadsMoreThanTheSizeSays) {
  const auto bytes = Must(ReadFileAt(AT_FDCWD, "/proc/self/status", 1 << 20));
  EXPECT_THAT(std::string(AsText(bytes)), ::testing::HasSubstr("Name:"));
  EXPECT_THAT(ReadFileAt(AT_FDCWD, "/proc/self/status", 10), FailsWith(EFBIG));
}

TEST_F(FilesTest, ReadsRegularFilesOnly) {
  EXPECT_THAT(ReadWholeFile(dir_fd_.get(), 100),
              FailsSaying(EINVAL, "not a regular file"));
  EXPECT_THAT(ReadFileAt(AT_FDCWD, "/dev/null", 100),
              FailsSaying(EINVAL, "/dev/null"));
}

TEST_F(FilesTest, ReadingReportsABadDescriptor) {
  EXPECT_THAT(ReadWholeFile(-1, 100), FailsWith(EBADF));
}

TEST_F(FilesTest, WritesAtThePosition) {
  const std::string path = dir_.Write("a", "12345");
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(fd.get(), 2, SEEK_SET), 2);
  Must(WriteAll(fd.get(), AsBytes("ab")));
  Must(WriteAll(fd.get(), {}));
  EXPECT_EQ(ReadText(path), "12ab5");
}

TEST_F(FilesTest, WritingReportsErrors) {
  dir_.Write("a", "");
  const auto fd = Must(OpenForReading(dir_fd_.get(), "a"));
  EXPECT_THAT(WriteAll(fd.get(), AsBytes("x")), FailsWith(EBADF));
}

TEST_F(FilesTest, WritingReportsAReaderThatLeft) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  reader.Reset();
  const auto old_action = std::signal(SIGPIPE, SIG_IGN);
  EXPECT_THAT(WriteAll(writer.get(), AsBytes("x")), FailsWith(EPIPE));
  std::signal(SIGPIPE, old_action);
}

TEST_F(FilesTest, ReplacesAFile) {
  const std::string path = dir_.Write("a", "old and longer");
  Must(ReplaceFileAt(dir_fd_.get(), "a", AsBytes("new"), 0640));
  EXPECT_EQ(ReadText(path), "new");
  EXPECT_FALSE(std::filesystem::exists(dir_ / ".a.new"));
}

TEST_F(FilesTest, CreatesWhatIsNotThereYet) {
  Must(ReplaceFileAt(dir_fd_.get(), "a", AsBytes("new"), 0600));
  EXPECT_EQ(ReadText(dir_ / "a"), "new");
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFREG | 0600u);
}

TEST_F(FilesTest, ReplacingPutsAwayWhatACrashLeft) {
  dir_.Write(".a.new", "half");
  Must(ReplaceFileAt(dir_fd_.get(), "a", AsBytes("new"), 0600));
  EXPECT_EQ(ReadText(dir_ / "a"), "new");
}

TEST_F(FilesTest, ReplacingReplacesALinkNotItsTarget) {
  dir_.Write("target", "kept");
  std::filesystem::create_symlink("target", dir_ / "a");
  Must(ReplaceFileAt(dir_fd_.get(), "a", AsBytes("new"), 0600));
  EXPECT_FALSE(std::filesystem::is_symlink(dir_ / "a"));
  EXPECT_EQ(ReadText(dir_ / "target"), "kept");
}

TEST_F(FilesTest, AReplacementThatFailsLeavesTheOldAndNothingElse) {
  // A folder cannot be replaced by a file.
  std::filesystem::create_directory(dir_ / "a");
  EXPECT_THAT(ReplaceFileAt(dir_fd_.get(), "a", AsBytes("new"), 0600),
              FailsSaying(EISDIR, "a"));
  EXPECT_TRUE(std::filesystem::is_directory(dir_ / "a"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / ".a.new"));
}

TEST_F(FilesTest, NamesAreSortedByBytes) {
  for (const char* name : {"b", "\xff", ".hidden", "B"}) dir_.Write(name, "");
  std::filesystem::create_directory(dir_ / "a");
  const auto names = Must(NamesIn(dir_.path()));
  EXPECT_THAT(names, ElementsAre(".hidden", "B", "a", "b", "\xff"));
  // Again, though the descriptor was read to its end.
  EXPECT_EQ(Must(NamesIn(dir_fd_.get())), names);
  EXPECT_EQ(Must(NamesIn(dir_fd_.get())), names);
}

TEST_F(FilesTest, NamesAreThoseOfAFolder) {
  EXPECT_THAT(NamesIn(dir_ / "nowhere"), FailsSaying(ENOENT, "nowhere"));
  EXPECT_THAT(NamesIn(dir_.Write("file", "")), FailsSaying(ENOTDIR, "file"));
  EXPECT_THAT(NamesIn(-1), FailsWith(EBADF));
}

TEST(StartsWithTest, LooksAtTheFirstBytes) {
  const TempDir dir;
  const auto fd = Must(OpenForReading(AT_FDCWD, dir.Write("file", "abcd")));
  EXPECT_TRUE(StartsWith(fd.get(), "abc"));
  EXPECT_TRUE(StartsWith(fd.get(), ""));
  EXPECT_FALSE(StartsWith(fd.get(), "bcd"));
  EXPECT_FALSE(StartsWith(fd.get(), "abcde"));
  EXPECT_FALSE(StartsWith(-1, "a"));
}

}  // namespace
}  // namespace assayfs
