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

TEST(ReportTest, GroupsDigitsByThree) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1723), "1,723");
  EXPECT_EQ(Grouped(123456), "123,456");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

TEST(ReportTest, CountsInPlainEnglish) {
  EXPECT_EQ(Counted(1, "list"), "1 list");
  EXPECT_EQ(Counted(0, "list"), "0 lists");
  EXPECT_EQ(Counted(2000, "list"), "2,000 lists");
}

}  // namespace
}  // namespace assayfs
