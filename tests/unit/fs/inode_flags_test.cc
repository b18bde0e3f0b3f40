// SPDX-License-Identifier: Apache-2.0
#include "fs/inode_flags.h"

#include <fcntl.h>
#include <linux/fs.h>

#include <array>
#include <cstring>

#include "base/unique_fd.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::TempDir;

class InodeFlagsTest : public ::testing::Test {
 protected:
  InodeFlagsTest()
      : fd_(::open(dir_.Write("a", "x").c_str(), O_RDONLY | O_CLOEXEC)) {}
  std::span<std::byte> Value(std::size_t size) {
    return std::span(value_).first(size);
  }

  TempDir dir_;
  UniqueFd fd_;
  std::array<std::byte, sizeof(fsxattr)> value_{};
};

TEST_F(InodeFlagsTest, KnowsItsCommands) {
  EXPECT_EQ(InodeFlagsAccessOf(FS_IOC_GETFLAGS), InodeFlagsAccess::kRead);
  EXPECT_EQ(InodeFlagsAccessOf(FS_IOC_FSGETXATTR), InodeFlagsAccess::kRead);
  EXPECT_EQ(InodeFlagsAccessOf(FS_IOC_SETFLAGS), InodeFlagsAccess::kWrite);
  EXPECT_EQ(InodeFlagsAccessOf(FS_IOC_FSSETXATTR), InodeFlagsAccess::kWrite);
  EXPECT_EQ(InodeFlagsAccessOf(FIBMAP), InodeFlagsAccess::kNone);
}

TEST_F(InodeFlagsTest, SetsWhatItReadsBack) {
  const auto read = AccessInodeFlags(fd_.get(), FS_IOC_GETFLAGS, Value(4));
  if (!read) GTEST_SKIP() << read.error().message();
  int flags = 0;
  std::memcpy(&flags, value_.data(), sizeof(flags));
  flags |= FS_NODUMP_FL;
  std::memcpy(value_.data(), &flags, sizeof(flags));
  Must(AccessInodeFlags(fd_.get(), FS_IOC_SETFLAGS, Value(4)));
  value_ = {};
  Must(AccessInodeFlags(fd_.get(), FS_IOC_GETFLAGS, Value(4)));
  int found = 0;
  std::memcpy(&found, value_.data(), sizeof(found));
  EXPECT_EQ(found, flags);
  Must(AccessInodeFlags(fd_.get(), FS_IOC_FSGETXATTR, Value(sizeof(fsxattr))));
  fsxattr attributes{};
  std::memcpy(&attributes, value_.data(), sizeof(attributes));
  EXPECT_NE(attributes.fsx_xflags & FS_XFLAG_NODUMP, 0U);
}

TEST_F(InodeFlagsTest, RefusesValuesOfAnotherSize) {
  for (const unsigned command :
       {unsigned{FS_IOC_GETFLAGS}, unsigned{FS_IOC_FSSETXATTR}}) {
    EXPECT_THAT(AccessInodeFlags(fd_.get(), command, Value(3)),
                FailsWith(EINVAL));
  }
}

TEST_F(InodeFlagsTest, AnswersTheErrorOfTheLowerFile) {
  EXPECT_THAT(AccessInodeFlags(-1, FS_IOC_GETFLAGS, Value(4)),
              FailsWith(EBADF));
}

}  // namespace
}  // namespace assayfs
