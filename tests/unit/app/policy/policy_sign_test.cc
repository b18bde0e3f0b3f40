// SPDX-License-Identifier: Apache-2.0
// `policy sign`, run as users run it.
#include <gmock/gmock.h>

#include <filesystem>

#include "lists/appended_signature.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"
#include "trust/pkcs7_key_maker.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the matchers of this project
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kSound =
    "appraise func=DIGEST_LIST_CHECK\nappraise func=FILE_CHECK\n";

class PolicySignTest : public ::testing::Test {
 protected:
  Outcome Sign(const std::string& path) {
    return RunTool({"policy", "sign", "--key", key_.key_path, "--cert",
                    key_.certificate_path, path});
  }

  TempDir dir_;
  MadeKey key_ = Must(MakePkcs7Key(dir_.path(), "k"));
};

TEST_F(PolicySignTest, SignsWhatAMountCouldLoad) {
  dir_.Write("part", "dont_appraise uid=5\n");
  const std::string path =
      dir_.Write("p", std::string("include part\n") + kSound);
  const auto run = Sign(path);
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.out, "1 file signed\n");
  EXPECT_THAT(ReadText(path), StartsWith("include part\n"));
  EXPECT_EQ(Sign(path).status, kExitNo);
}

TEST_F(PolicySignTest, WhatIsNoPolicyIsRefusedWithItsPlaceOnce) {
  const std::string path = dir_.Write("bad.policy", "nonsense\n");
  const auto run = Sign(path);
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.err, StartsWith("assayfs: " + path + ": 1:1: "));
  EXPECT_EQ(ReadText(path), "nonsense\n");
}

TEST_F(PolicySignTest, ANameOfABuiltInPolicyIsThatOfAFileHere) {
  // As `policy sign exec` in the folder of that file.
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  dir_.Write("exec", "nonsense\n");
  const auto bad = Sign("exec");
  dir_.Write("files", kSound);
  const auto good = Sign("files");
  std::filesystem::current_path(before);
  EXPECT_EQ(bad.status, kExitNo);
  EXPECT_EQ(ReadText(dir_ / "exec"), "nonsense\n");
  EXPECT_EQ(good.status, kExitYes) << good.err;
}

TEST_F(PolicySignTest, WhatCannotBeReadIsNoAnswer) {
  EXPECT_EQ(Sign(dir_ / "missing").status, kExitFailed);
  const auto run = Sign(dir_.Write("p", "include gone\n"));
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("gone"));
}

}  // namespace
}  // namespace assayfs
