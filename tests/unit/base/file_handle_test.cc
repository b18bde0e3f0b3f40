// SPDX-License-Identifier: Apache-2.0
#include "base/file_handle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::TempDir;

class FileHandleTest : public ::testing::Test {
 protected:
  FileHandle HandleOf(const std::string& path) const {
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const auto handle = FileHandle::Of(fd.get());
    EXPECT_TRUE(handle);
    return *handle;
  }
  void SetUp() override {
    mount_.Reset(::open(dir_.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!FileHandle::Of(mount_.get())) GTEST_SKIP() << "no file handles here";
  }

  TempDir dir_;
  UniqueFd mount_;
};

TEST_F(FileHandleTest, OpensTheFileUnderAnyName) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string path = dir_.Write("a", "content");
  const FileHandle handle = HandleOf(path);
  ASSERT_EQ(::rename(path.c_str(), (dir_ / "b").c_str()), 0);
  const auto fd = handle.Open(mount_.get(), O_RDONLY);
  ASSERT_TRUE(fd);
  struct stat by_handle {};
  struct stat by_name {};
  ASSERT_EQ(::fstat(fd->get(), &by_handle), 0);
  ASSERT_EQ(::stat((dir_ / "b").c_str(), &by_name), 0);
  EXPECT_EQ(by_handle.st_ino, by_name.st_ino);
}

TEST_F(FileHandleTest, IsStaleWhenTheFileIsGone) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string path = dir_.Write("a", "content");
  const FileHandle handle = HandleOf(path);
  ::unlink(path.c_str());
  EXPECT_THAT(handle.Open(mount_.get(), O_PATH), FailsWith(ESTALE));
}

TEST_F(FileHandleTest, IsTheSameForLinksAndAnotherForAnotherFile) {
  const std::string path = dir_.Write("a", "content");
  ASSERT_EQ(::link(path.c_str(), (dir_ / "b").c_str()), 0);
  dir_.Write("c", "content");
  EXPECT_EQ(HandleOf(path), HandleOf(dir_ / "b"));
  EXPECT_EQ(HandleOf(path).hash(), HandleOf(dir_ / "b").hash());
  EXPECT_NE(HandleOf(path), HandleOf(dir_ / "c"));
}

TEST_F(FileHandleTest, IsNothingWhereTheFileSystemGivesNone) {
  const UniqueFd fd(::open("/proc/self/status", O_PATH | O_CLOEXEC));
  EXPECT_FALSE(FileHandle::Of(fd.get()));
  EXPECT_FALSE(FileHandle::Of(-1));
}

}  // namespace
}  // namespace assayfs
