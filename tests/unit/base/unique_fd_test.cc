// SPDX-License-Identifier: Apache-2.0
// UniqueFd: ownership of descriptors.
#include "base/unique_fd.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <type_traits>

namespace assayfs {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(!std::is_convertible_v<int, UniqueFd>);

int OpenNull() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFdTest, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_LT(fd.get(), 0);
  EXPECT_FALSE(UniqueFd(-1));
}

TEST(UniqueFdTest, ZeroIsADescriptor) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd);
  EXPECT_EQ(fd.Release(), 0);
}

TEST(UniqueFdTest, ClosesAtTheEnd) {
  int number = -1;
  {
    const UniqueFd fd(OpenNull());
    number = fd.get();
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, MovingHandsTheDescriptorOn) {
  UniqueFd first(OpenNull());
  const int number = first.get();
  const UniqueFd second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, MoveAssignmentClosesWhatItHeld) {
  UniqueFd kept(OpenNull());
  const int old_number = kept.get();
  UniqueFd other(OpenNull());
  const int number = other.get();
  kept = std::move(other);
  EXPECT_FALSE(IsOpen(old_number));
  EXPECT_EQ(kept.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, MoveAssignmentToItselfKeepsTheDescriptor) {
  UniqueFd fd(OpenNull());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(UniqueFdTest, ReleaseGivesTheDescriptorAway) {
  int number = -1;
  {
    UniqueFd fd(OpenNull());
    number = fd.Release();
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(IsOpen(number));
  ::close(number);
}

TEST(UniqueFdTest, ResetClosesAndTakes) {
  UniqueFd fd(OpenNull());
  const int first = fd.get();
  const int second = OpenNull();
  fd.Reset(second);
  EXPECT_FALSE(IsOpen(first));
  EXPECT_EQ(fd.get(), second);
  fd.Reset();
  EXPECT_FALSE(IsOpen(second));
  EXPECT_FALSE(fd);
}

TEST(UniqueFdTest, ClosingKeepsErrno) {
  UniqueFd fd(OpenNull());
  // A number that is not open: close(2) fails with EBADF.
  ::close(fd.get());
  errno = EXDEV;
  fd.Reset();
  EXPECT_EQ(errno, EXDEV);
}

}  // namespace
}  // namespace assayfs
