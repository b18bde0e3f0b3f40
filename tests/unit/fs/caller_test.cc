// SPDX-License-Identifier: Apache-2.0
#include "fs/caller.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/unique_fd.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::TempDir;

class CallerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "needs root";
  }
  struct stat Create(const char* name) {
    const UniqueFd fd(::open((dir_ / name).c_str(),
                             O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
    struct stat info {};
    EXPECT_EQ(::fstat(fd.get(), &info), 0) << name;
    return info;
  }
  TempDir dir_;
};

TEST_F(CallerTest, OwnsWhatIsCreatedAndGoesAway) {
  {
    const ActAs user({.uid = 1234, .gid = 2345, .umask = 027});
    const struct stat info = Create("theirs");
    EXPECT_EQ(info.st_uid, 1234U);
    EXPECT_EQ(info.st_gid, 2345U);
    EXPECT_EQ(info.st_mode & 0777U, 0640U);
  }
  EXPECT_EQ(Create("ours").st_uid, 0U);
}

TEST_F(CallerTest, KeepsTheRightsThatTheKernelHasChecked) {
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0700), 0);
  const ActAs user({.uid = 1234, .gid = 2345, .umask = 0});
  EXPECT_EQ(Create("a").st_uid, 1234U);
}

TEST_F(CallerTest, IgnoresIdsThatDoNotExist) {
  const ActAs nobody({.uid = static_cast<uid_t>(-1),
                      .gid = static_cast<gid_t>(-1),
                      .umask = 0});
  EXPECT_EQ(Create("a").st_uid, 0U);
}

TEST_F(CallerTest, TruncatingWithoutFsetidTakesTheSetUserIdBitAway) {
  Create("a");
  const std::string path = dir_ / "a";
  const auto truncate = [&] {
    ASSERT_EQ(::chmod(path.c_str(), 06755), 0);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    ASSERT_TRUE(fd);
  };
  struct stat info {};
  truncate();
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 06755U);
  {
    const WithoutFsetid user;
    truncate();
  }
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0755U);
  truncate();
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 06755U);
}

TEST(HasSysAdminTest, TellsOfTheThreadItself) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_TRUE(HasSysAdmin(::gettid()));
  std::thread([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, 2> none{};
    ASSERT_EQ(::syscall(SYS_capset, &header, none.data()), 0);
    EXPECT_FALSE(HasSysAdmin(::gettid()));
  }).join();
  EXPECT_FALSE(HasSysAdmin(0));
}

TEST(IsDyingTest, AThreadThatRunsIsNotDying) {
  EXPECT_FALSE(IsDying(::gettid()));
}

TEST(IsDyingTest, AProcessThatEndedOrIsNotSeenIsDying) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT),
            0);
  EXPECT_TRUE(IsDying(child));  // a zombie
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(IsDying(child));  // gone
  EXPECT_TRUE(IsDying(0));      // of another PID namespace
}

}  // namespace
}  // namespace assayfs
