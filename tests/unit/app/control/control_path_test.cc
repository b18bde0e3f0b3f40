// SPDX-License-Identifier: Apache-2.0
#include "app/control/control_path.h"

#include <gtest/gtest.h>

namespace assayfs {
namespace {

// Expected values: systemd-escape --path of systemd 252.
TEST(ControlPathTest, EscapesAsSystemdDoes) {
  EXPECT_EQ(EscapePath("/"), "-");
  EXPECT_EQ(EscapePath("/usr"), "usr");
  EXPECT_EQ(EscapePath("/usr/lib"), "usr-lib");
  EXPECT_EQ(EscapePath("/usr//lib/"), "usr-lib");
  EXPECT_EQ(EscapePath("/a-b/c d"), "a\\x2db-c\\x20d");
  EXPECT_EQ(EscapePath("/.x/.y"), "\\x2ex-.y");
  EXPECT_EQ(EscapePath("/\xc3\xa4"), "\\xc3\\xa4");
}

TEST(ControlPathTest, NamesTheSocketAfterTheMountPoint) {
  EXPECT_EQ(ControlPath("/run/assayfs", "/usr"), "/run/assayfs/usr.sock");
  EXPECT_EQ(ControlPath("/run/assayfs", "/"), "/run/assayfs/-.sock");
}

TEST(ControlPathTest, LongNamesFitASocketAndStayApart) {
  const std::string long_path(300, 'a');
  const auto one = ControlPath("/run/assayfs", "/" + long_path + "b");
  const auto other = ControlPath("/run/assayfs", "/" + long_path + "c");
  EXPECT_LT(one.size(), 108U);
  EXPECT_NE(one, other);
  EXPECT_EQ(one, ControlPath("/run/assayfs", "/" + long_path + "b"));
}

}  // namespace
}  // namespace assayfs
