// SPDX-License-Identifier: Apache-2.0
#include "app/settings/mount_helper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::IsEmpty;
using testing::Must;

TEST(MountHelperTest, OtherNamesKeepTheirWords) {
  EXPECT_THAT(Must(WordsOfCommandLine({"/usr/bin/assayfs", "status", "-x"})),
              ElementsAre("status", "-x"));
  EXPECT_THAT(Must(WordsOfCommandLine({"assayfs"})), IsEmpty());
}

TEST(MountHelperTest, BecomesTheMountVerb) {
  EXPECT_THAT(
      Must(WordsOfCommandLine({"/sbin/mount.assayfs", "/usr", "/mnt", "-sv",
                               "-o", "rw,lists=/l", "-t", "assayfs"})),
      ElementsAre("mount", "--sloppy", "-o", "rw,lists=/l", "--", "/usr",
                  "/mnt"));
  EXPECT_THAT(Must(WordsOfCommandLine({"mount.assayfs", "a", "b", "-fn"})),
              ElementsAre("mount", "--fake", "--", "a", "b"));
}

TEST(MountHelperTest, RefusesWhatMountWouldNotSay) {
  EXPECT_THAT(WordsOfCommandLine({"mount.assayfs", "a"}), FailsWith(EINVAL));
  EXPECT_THAT(WordsOfCommandLine({"mount.assayfs", "a", "b", "-o"}),
              FailsWith(EINVAL));
  EXPECT_THAT(WordsOfCommandLine({"mount.assayfs", "a", "b", "-x"}),
              FailsWith(EINVAL));
}

}  // namespace
}  // namespace assayfs
