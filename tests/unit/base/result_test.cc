// SPDX-License-Identifier: Apache-2.0
// Error and Result.
#include "base/result.h"

#include <gmock/gmock.h>

#include <memory>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;

TEST(ResultTest, AnErrorHoldsCodeAndMessage) {
  const Error error(EBADMSG, "bad");
  EXPECT_EQ(error.code(), EBADMSG);
  EXPECT_EQ(error.message(), "bad");
}

TEST(ResultTest, FromErrnoNamesWhatFailedAndWhy) {
  errno = ENOENT;
  const Error error = Error::FromErrno("open x");
  EXPECT_EQ(error.code(), ENOENT);
  EXPECT_EQ(error.message(), "open x: No such file or directory");
}

TEST(ResultTest, ContextStandsBeforeTheMessage) {
  const Error error =
      Error(EIO, "read").WithContext("file").WithContext("list");
  EXPECT_EQ(error.code(), EIO);
  EXPECT_EQ(error.message(), "list: file: read");
}

TEST(ResultTest, FailConvertsToAnyResult) {
  const Result<int> number = Fail(EINVAL, "no number");
  EXPECT_THAT(number, FailsSaying(EINVAL, "no number"));
  const Result<void> nothing = Fail(Error(EIO, "broken"));
  EXPECT_THAT(nothing, FailsSaying(EIO, "broken"));
  const Result<std::unique_ptr<int>> pointer = Fail(number.error());
  EXPECT_THAT(pointer, FailsSaying(EINVAL, "no number"));
}

TEST(ResultTest, AValueIsNoError) {
  const Result<int> number = 7;
  ASSERT_TRUE(number);
  EXPECT_EQ(*number, 7);
  EXPECT_TRUE(Result<void>());
}

}  // namespace
}  // namespace assayfs
