// SPDX-License-Identifier: Apache-2.0
#include "app/settings/mount_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::TempDir;

TEST(MountSettingsTest, HasTheDocumentedDefaults) {
  const auto settings = Must(MakeSettings({}));
  EXPECT_THAT(settings.lists, ElementsAre("/etc/digest_lists"));
  EXPECT_THAT(settings.keys, ElementsAre("/etc/assayfs/keys.d"));
  EXPECT_EQ(settings.policy, "files");
  EXPECT_EQ(settings.mode, Mode::kEnforce);
  EXPECT_EQ(settings.tpm, MeasurementLog::TpmUse::kAuto);
  EXPECT_EQ(settings.pcr, 12U);
  EXPECT_EQ(settings.record, "");
}

TEST(MountSettingsTest, MakesRelativePathsAbsolute) {
  const auto here = std::filesystem::current_path().string();
  const auto settings = Must(MakeSettings({{"lists", {"l", "rpmdb:root"}},
                                           {"keys", {"../k"}},
                                           {"policy", {"p.rules"}},
                                           {"log-file", {"x.log"}},
                                           {"record", {"uses"}}}));
  EXPECT_THAT(settings.lists,
              ElementsAre(here + "/l", "rpmdb:" + here + "/root"));
  EXPECT_EQ(settings.policy, here + "/p.rules");
  EXPECT_EQ(settings.log_path, here + "/x.log");
  EXPECT_EQ(settings.record, here + "/uses");
  EXPECT_TRUE(settings.keys[0].ends_with("/k"));
}

TEST(MountSettingsTest, WrongWordsAreRefusedWithTheChoices) {
  EXPECT_THAT(MakeSettings({{"mode", {"strict"}}}),
              FailsSaying(EINVAL, "enforce, log or off"));
  EXPECT_THAT(MakeSettings({{"tpm", {"yes"}}}),
              FailsSaying(EINVAL, "auto, required or off"));
  EXPECT_THAT(MakeSettings({{"enforce-at", {"exec"}}}),
              FailsSaying(EINVAL, "auto, open or read"));
  EXPECT_THAT(MakeSettings({{"data", {"direct"}}}),
              FailsSaying(EINVAL, "auto, verified or passthrough"));
}

TEST(MountSettingsTest, WhereNothingIsAskedNothingIsRecorded) {
  EXPECT_THAT(MakeSettings({{"record", {"/uses"}}, {"mode", {"off"}}}),
              FailsSaying(EINVAL, "--record needs --mode enforce or log"));
}

TEST(MountSettingsTest, PcrsThatAnyoneCanResetAreRefused) {
  for (const char* pcr : {"16", "23", "24", "-1", "x", ""}) {
    EXPECT_THAT(MakeSettings({{"pcr", {pcr}}}), FailsWith(EINVAL)) << pcr;
  }
  EXPECT_EQ(Must(MakeSettings({{"pcr", {"0"}}})).pcr, 0U);
}

TEST(MountSettingsTest, PathsMustBeFolders) {
  const TempDir dir;
  MountSettings settings;
  const auto file = dir.Write("file", "");
  EXPECT_THAT(SetPaths(dir / "none", dir.path(), settings),
              FailsSaying(ENOENT, "create the folder first"));
  EXPECT_THAT(SetPaths(dir.path(), file, settings),
              FailsSaying(ENOTDIR, file + ": not a folder"));
  Must(SetPaths(dir.path().string() + "/.", dir.path(), settings));
  EXPECT_EQ(settings.lower, dir.path());
  EXPECT_EQ(settings.mount_point, dir.path());
}

TEST(MountSettingsTest, GivenRuntimePathsAreKept) {
  MountSettings settings;
  settings.log_path = "/l";
  settings.control_path = "/c";
  Must(SetRuntimePaths(Control::kWanted, settings));
  EXPECT_EQ(settings.log_path, "/l");
  EXPECT_EQ(settings.control_path, "/c");
}

}  // namespace
}  // namespace assayfs
