// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/running_users.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/settings/mount_table.h"
#include "base/unique_fd.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

class RunningUsersTest : public ::testing::Test {
 protected:
  RunningUsersTest() {
    fd_.Reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::fstat(fd_.get(), &info_), 0);
  }
  // As the mount table has it; st_dev of btrfs is another one.
  std::string Device() const {
    return FindMountOf(testing::Must(ReadOwnMountTable()), path_)->device;
  }
  std::vector<RunningUser> Find() const {
    return FindRunningUsers(Device(), {info_.st_ino});
  }

  testing::TempDir dir_;
  std::string path_ = dir_.Write("file", std::string(4096, 'x'));
  UniqueFd fd_;
  struct stat info_ {};
};

TEST_F(RunningUsersTest, NamesWhoHasAFileOpen) {
  const auto users = Find();
  ASSERT_EQ(users.size(), 1U);
  EXPECT_EQ(users.front().pid, ::getpid());
  EXPECT_EQ(users.front().path, path_);
  EXPECT_EQ(users.front().command, "app-test");
}

TEST_F(RunningUsersTest, NamesWhoHasItMappedAndOnce) {
  void* memory = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd_.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  EXPECT_EQ(Find().size(), 1U);
  fd_.Reset(-1);
  ASSERT_EQ(Find().size(), 1U);
  EXPECT_EQ(Find().front().path, path_);
  ::munmap(memory, 4096);
  EXPECT_TRUE(Find().empty());
}

TEST_F(RunningUsersTest, OtherFilesAndOtherMountsAreNone) {
  EXPECT_TRUE(FindRunningUsers(Device(), {}).empty());
  EXPECT_TRUE(FindRunningUsers("0:0", {info_.st_ino}).empty());
  EXPECT_TRUE(FindRunningUsers("", {info_.st_ino}).empty());
}

}  // namespace
}  // namespace assayfs
