// SPDX-License-Identifier: Apache-2.0
#include "base/reopen.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::TempDir;

TEST(ReopenTest, NamesADescriptor) {
  EXPECT_EQ(std::string(FdPath(0).c_str()), "/proc/self/fd/0");
  EXPECT_EQ(std::string(FdPath(2147483647).c_str()),
            "/proc/self/fd/2147483647");
}

TEST(ReopenTest, ReachesAFileWhoseNameIsGone) {
  TempDir dir;
  const std::string path = dir.Write("a", "x");
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  ::unlink(path.c_str());
  const UniqueFd again = Must(Reopen(fd.get(), O_RDWR));
  char byte = 0;
  EXPECT_EQ(::pread(again.get(), &byte, 1, 0), 1);
  EXPECT_EQ(::fcntl(again.get(), F_GETFD), FD_CLOEXEC);
}

TEST(ReopenTest, DoesNotFollowALinkBehindTheDescriptor) {
  TempDir dir;
  const std::string path = dir / "link";
  ASSERT_EQ(::symlink("/etc/passwd", path.c_str()), 0);
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  EXPECT_THAT(Reopen(fd.get(), O_RDONLY), FailsWith(ELOOP));
}

TEST(ReopenTest, ReportsADescriptorThatIsNotOpen) {
  EXPECT_THAT(Reopen(-1, O_RDONLY), FailsWith(ENOENT));
}

}  // namespace
}  // namespace assayfs
