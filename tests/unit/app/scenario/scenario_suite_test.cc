// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/scenario_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/scratch_folder.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::TempDir;

constexpr char kTree[] =
    "[tree]\n\"/a\" = \"a\"\n[lists]\nbase = { files = [\"/a\"] }\n";
constexpr char kOpen[] = "[[step]]\nopen = \"/a\"\n";

class ScenarioSuiteTest : public ::testing::Test {
 protected:
  // settings: with the policy; steps: after one that opens "/a".
  std::string Put(const std::string& settings, const std::string& steps = "") {
    return dir_.Write(
        "x.toml", "title = \"t\"\n" + settings + "\n" + kTree + kOpen + steps);
  }
  ScenarioOutcome Run(const std::string& file, const std::string& policy = "") {
    return ScenarioSuite(keys_.path().string(), ScenarioSuite::Ways::kAlone,
                         policy)
        .Run(file);
  }

  TempDir dir_;
  TempDir keys_;
};

TEST_F(ScenarioSuiteTest, APolicyThatCannotBeLoadedIsNotSkipped) {
  for (const char* rule : {"audit subj_type=x", "audit func=KEY_CHECK"}) {
    const auto outcome = Run(Put("policy = \"" + std::string(rule) + "\\n\""));
    EXPECT_EQ(outcome.skipped, "") << rule;
    EXPECT_THAT(outcome.error, HasSubstr("alone: x.toml:2: policy:1:7: "));
  }
}

TEST_F(ScenarioSuiteTest, WhatThisMachineHasNotIsSkipped) {
  // File systems in memory have a UUID with newer kernels only.
  const ScratchFolder folder("suite", "/dev/shm");
  if (folder.path().empty()) GTEST_SKIP() << "needs /dev/shm";
  ScenarioSuite suite(folder.path(), ScenarioSuite::Ways::kAlone);
  const std::string rule = "audit fsuuid=%FSUUID%\\n";
  for (const auto& outcome :
       {suite.Run(Put("policy = \"" + rule + "\"")),
        suite.Run(Put("policy = \"files\"",
                      "[[step]]\nreload = \"" + rule + "\"\n"))}) {
    EXPECT_EQ(outcome.error, "");
    EXPECT_THAT(outcome.differences, IsEmpty());
    if (outcome.skipped.empty()) GTEST_SKIP() << "this one has a UUID";
    EXPECT_THAT(outcome.skipped, HasSubstr("has no %FSUUID%"));
  }
}

TEST_F(ScenarioSuiteTest, AScenarioForMountsOnlyIsSkipped) {
  const auto outcome =
      Run(Put("policy = \"files\"\nonly_mounted = \"because\""));
  EXPECT_TRUE(outcome.passed());
  EXPECT_EQ(outcome.skipped, "runs mounted only: because");
}

TEST_F(ScenarioSuiteTest, ErrorsNameTheLineInTheScenario) {
  EXPECT_EQ(Run(Put("policy = \"\"\"\naudit\naudit func=NONE\n\"\"\""))
                .error.substr(0, 19),
            "alone: x.toml:4:7: ");
}

TEST_F(ScenarioSuiteTest, ErrorsOfReloadsNameNoTemporaryFile) {
  const auto outcome = Run(
      Put("policy = \"files\"", "[[step]]\nreload = \"audit func=NONE\\n\"\n"));
  ASSERT_EQ(outcome.differences.size(), 1U);
  EXPECT_EQ(outcome.differences[0].got.substr(0, 12), "policy:1:7: ");
}

TEST_F(ScenarioSuiteTest, NoScenarioSeesWhatAnotherHad) {
  const std::string begin =
      "policy = \"include more\\n\"\n[include]\nmore = \"";
  EXPECT_EQ(Run(Put(begin + "audit\\n\"")).error, "");
  for (const std::string& name : Must(NamesIn(keys_.path().string()))) {
    EXPECT_THAT(name, ::testing::StartsWith("vendor"));
  }
}

TEST_F(ScenarioSuiteTest, ThePolicyMayBeAFileBesideTheScenario) {
  dir_.Write("web.policy", "include other\ninclude files\naudit path=/100%\n");
  dir_.Write("other", "appraise func=DIGEST_LIST_CHECK\n");
  const std::string file = Put("policy_file = \"web.policy\"");
  EXPECT_EQ(Run(file).error, "");
  dir_.Write("other", "audit\naudit func=NONE\n");
  EXPECT_THAT(Run(file).error,
              HasSubstr("alone: " + (dir_ / "other") + ":2:7: "));
}

TEST_F(ScenarioSuiteTest, NothingIsReadOutsideOfTheFolder) {
  TempDir other;
  const std::string secret = other.Write("secret", "secret words\n");
  std::filesystem::create_symlink(secret, dir_ / "web.policy");
  EXPECT_THAT(Run(Put("policy_file = \"web.policy\"")).error,
              HasSubstr("Too many levels of symbolic links"));
  std::filesystem::create_symlink(secret, dir_ / "linked");
  for (const std::string& name :
       {secret, std::string("../secret"), std::string("linked")}) {
    dir_.Write("mine.policy", "include " + name + "\n");
    const auto outcome = Run(Put("policy_file = \"mine.policy\""));
    EXPECT_THAT(outcome.error, HasSubstr("mine.policy"));
    EXPECT_THAT(outcome.error, ::testing::Not(HasSubstr("words")));
  }
}

TEST_F(ScenarioSuiteTest, AnotherPolicyMayTakeThePlaceOfTheirOwn) {
  const std::string file =
      Put("policy = \"nonsense at all\"", "verdict = \"unjudged\"\n");
  EXPECT_NE(Run(file).error, "");
  const auto path = dir_.Write("web.policy", "audit\n");
  EXPECT_THAT(Run(file, path).differences, IsEmpty());
  EXPECT_EQ(Run(file, path).error, "");
  EXPECT_EQ(Run(file, "files").differences.size(), 1U);
  EXPECT_THAT(Run(file, dir_ / "none").error, HasSubstr("none"));
}

TEST_F(ScenarioSuiteTest, AListThatIsNotThereCannotBeRemoved) {
  EXPECT_THAT(Run(Put("policy = \"files\"",
                      "[[step]]\nremove_list = \"base\"\n"
                      "[[step]]\nremove_list = \"base\"\n"))
                  .error,
              HasSubstr("list base is not there"));
}

TEST_F(ScenarioSuiteTest, ARevocationThatMeansNothingCannotBeRun) {
  EXPECT_THAT(
      Run(Put("policy = \"files\"", "[[step]]\nrevoke = \"what ever\"\n"))
          .error,
      HasSubstr("step at line 9"));
}

}  // namespace
}  // namespace assayfs
