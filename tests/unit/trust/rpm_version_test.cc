// SPDX-License-Identifier: Apache-2.0
#include "trust/rpm_version.h"

#include <gtest/gtest.h>

namespace assayfs {
namespace {

TEST(RpmVersionTest, ComparesAsRpmDoes) {
  EXPECT_LT(CompareVersions("1.0-1", "1.0-2"), 0);
  EXPECT_LT(CompareVersions("1.9-1", "1.10-1"), 0);
  EXPECT_GT(CompareVersions("1:1.0-1", "2.0-1"), 0);
  EXPECT_LT(CompareVersions("1.0~rc1-1", "1.0-1"), 0);
  EXPECT_GT(CompareVersions("1.0^git1-1", "1.0-1"), 0);
  EXPECT_EQ(CompareVersions("0:1.0-1", "1.0-1"), 0);
}

TEST(RpmVersionTest, OddTextIsAVersionToo) {
  EXPECT_EQ(CompareVersions("", ""), 0);
  EXPECT_NE(CompareVersions("", "1"), 0);
  EXPECT_EQ(CompareVersions("::--", "::--"), 0);
}

TEST(RpmVersionTest, SatisfiesRelations) {
  using enum VersionRelation;
  EXPECT_TRUE(Satisfies("3.0.1-1", kLess, "3.0.7-24"));
  EXPECT_FALSE(Satisfies("3.0.7-24", kLess, "3.0.7-24"));
  EXPECT_TRUE(Satisfies("3.0.7-24", kLessOrEqual, "3.0.7-24"));
  EXPECT_TRUE(Satisfies("3.0.7-24", kEqual, "3.0.7-24"));
  EXPECT_TRUE(Satisfies("3.0.7-24", kGreaterOrEqual, "3.0.7-24"));
  EXPECT_FALSE(Satisfies("3.0.7-24", kGreater, "3.0.7-24"));
  EXPECT_TRUE(Satisfies("1:1.0-1", kGreater, "2.0-1"));
}

TEST(RpmVersionTest, ABoundWithoutReleaseStandsForAllReleases) {
  EXPECT_TRUE(Satisfies("3.0-7", VersionRelation::kEqual, "3.0"));
  EXPECT_FALSE(Satisfies("3.0-7", VersionRelation::kGreater, "3.0"));
}

}  // namespace
}  // namespace assayfs
