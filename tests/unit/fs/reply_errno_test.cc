// SPDX-License-Identifier: Apache-2.0
#include "fs/reply_errno.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace assayfs {
namespace {

TEST(ReplyErrnoTest, TellsErrorsAsTheyAre) {
  for (const int code : {EPERM, ENOENT, EACCES, ETXTBSY, ENODATA, 511}) {
    EXPECT_EQ(ReplyErrno(code, Request::kOpen), code);
    EXPECT_EQ(ReplyErrno(code, Request::kOther), code);
  }
}

TEST(ReplyErrnoTest, NeverSwitchesARequestOff) {
  EXPECT_EQ(ReplyErrno(ENOSYS, Request::kOpen), EIO);
  EXPECT_EQ(ReplyErrno(ENOSYS, Request::kOther), EOPNOTSUPP);
}

TEST(ReplyErrnoTest, RepliesEioForWhatTheKernelWouldNotTake) {
  for (const int code : {0, -1, -ENOENT, 512, 1000, 1 << 20}) {
    EXPECT_EQ(ReplyErrno(code, Request::kOpen), EIO);
    EXPECT_EQ(ReplyErrno(code, Request::kOther), EIO);
  }
}

}  // namespace
}  // namespace assayfs
