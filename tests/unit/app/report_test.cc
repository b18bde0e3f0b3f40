// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/report.h"

namespace assayfs {
namespace {

TEST(ReportTest, PrintsOneLineWhateverTheTextsHold) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(ReportFailure("a\nb", "c\td"), kExitFailed);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "assayfs: a\\x0ab: c\\x09d\n");
}

}  // namespace
}  // namespace assayfs
