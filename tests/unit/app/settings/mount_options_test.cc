// SPDX-License-Identifier: Apache-2.0
#include "app/settings/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using ::testing::IsEmpty;
using testing::Must;

TEST(MountOptionsTest, NothingGivenSetsNothing) {
  const auto options = Must(ParseMountOptions(""));
  EXPECT_EQ(options.flags, 0U);
  EXPECT_THAT(options.values, IsEmpty());
}

TEST(MountOptionsTest, TheLaterOfTwoOppositeFlagsWins) {
  EXPECT_EQ(Must(ParseMountOptions("ro,nosuid,rw")).flags, MS_NOSUID);
  EXPECT_EQ(Must(ParseMountOptions("nodev,noexec,dev")).flags, MS_NOEXEC);
}

TEST(MountOptionsTest, NamesGivenAgainAddValues) {
  const auto options =
      Must(ParseMountOptions("lists=/a,ro,lists=rpmdb:/b,pcr=11"));
  EXPECT_THAT(options.values.at("lists"), ElementsAre("/a", "rpmdb:/b"));
  EXPECT_THAT(options.values.at("pcr"), ElementsAre("11"));
}

TEST(MountOptionsTest, WhatIsForMountAndSystemdIsLeftOut) {
  const auto options = Must(ParseMountOptions(
      "defaults,_netdev,nofail,noauto,x-systemd.requires=/a,user,allow_other"));
  EXPECT_EQ(options.flags, 0U);
  EXPECT_THAT(options.values, IsEmpty());
}

TEST(MountOptionsTest, UnknownOptionIsNamed) {
  EXPECT_THAT(ParseMountOptions("ro,lsits=/a"), FailsSaying(EINVAL, "lsits"));
  EXPECT_THAT(ParseMountOptions("fsname=x"), FailsSaying(EINVAL, "fsname"));
}

TEST(MountOptionsTest, SloppyLeavesUnknownOptionsOut) {
  EXPECT_EQ(Must(ParseMountOptions("ro,what", Sloppy::kAllow)).flags,
            MS_RDONLY);
}

TEST(MountOptionsTest, OptionWithoutItsValueIsRefused) {
  EXPECT_THAT(ParseMountOptions("lists"), FailsSaying(EINVAL, "lists"));
  EXPECT_THAT(ParseMountOptions("lists="), FailsSaying(EINVAL, "lists"));
}

}  // namespace
}  // namespace assayfs
