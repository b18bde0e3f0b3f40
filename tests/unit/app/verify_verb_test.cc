// SPDX-License-Identifier: Apache-2.0
// `verify`, run as users run it, on headers that a distribution signed.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::Outcome;
using testing::ReadText;
using testing::RealData;
using testing::RunTool;
using testing::TempDir;

constexpr const char* kAudit = "lists/mariner/rpm-audit-3.0.6-1.cm2.x86_64";

class VerifyVerbTest : public ::testing::Test {
 protected:
  VerifyVerbTest() { std::filesystem::create_directory(tree_); }

  TempDir dir_;
  std::string tree_ = dir_ / "tree";
};

TEST_F(VerifyVerbTest, WrongUsage) {
  EXPECT_EQ(RunTool({"verify"}).status, kExitUsage);
  EXPECT_EQ(RunTool({"verify", "a", "b"}).status, kExitUsage);
  EXPECT_EQ(RunTool({"verify", "--lists"}).status, kExitUsage);
}

TEST_F(VerifyVerbTest, FailsWithoutATree) {
  for (const std::string& tree : {dir_ / "missing", dir_.Write("file", "")}) {
    const auto run = RunTool({"verify", tree});
    EXPECT_EQ(run.status, kExitFailed);
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(run.err.starts_with("assayfs: verify: " + tree)) << run.err;
  }
}

TEST_F(VerifyVerbTest, FailsWithoutKeys) {
  const auto run = RunTool({"verify", "--keys", dir_ / "missing.asc", tree_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_TRUE(run.err.starts_with("assayfs: verify: keys: ")) << run.err;
}

TEST_F(VerifyVerbTest, FailsOnAccountsThatCannotBeRead) {
  std::filesystem::create_directories(tree_ + "/etc/passwd");
  const auto run = RunTool({"verify", tree_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("etc/passwd: no regular file"), std::string::npos);
}

class VerifyByRealListsTest : public VerifyVerbTest {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "no real packages";
  }
  Outcome Verify(const std::string& lists,
                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"verify", "--keys",
                                      RealData() / "keys/good/mariner.asc",
                                      "--lists", lists};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(tree_);
    return RunTool(words);
  }
};

TEST_F(VerifyByRealListsTest, AnEmptyTreeLacksEverything) {
  const auto run = Verify(RealData() / "lists/mariner");
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.out.find("\nmissing     /bin/bash\n"), std::string::npos);
  EXPECT_NE(run.out.find(" 0 differ, "), std::string::npos);
  EXPECT_TRUE(run.out.ends_with(" missing, 77 packages, 0 refused\n"))
      << run.out.substr(run.out.size() - 200);
  EXPECT_EQ(run.err, "");
}

TEST_F(VerifyByRealListsTest, RefusedListsAreToldAndNotUsed) {
  auto bytes = ReadText(RealData() / kAudit);
  bytes[bytes.size() / 2] ^= 1;
  const std::string list = dir_.Write("rpm-\nbad", bytes);
  auto run = Verify(list);
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_TRUE(run.out.starts_with("refused " + dir_ / "rpm-\\x0abad: "))
      << run.out;
  EXPECT_TRUE(run.out.ends_with(
      "\n0 files checked, 0 differ, 0 missing, 0 packages, 1 refused\n"));
  run = Verify(list, {"-q"});
  EXPECT_EQ(run.out,
            "0 files checked, 0 differ, 0 missing, 0 packages, 1 refused\n");
}

TEST_F(VerifyByRealListsTest, JsonSaysTheSame) {
  std::filesystem::create_directory(dir_ / "lists");
  dir_.Write("lists/rpm-audit", ReadText(RealData() / kAudit));
  dir_.Write("lists/rpm-junk", "junk");
  const auto run = Verify(dir_ / "lists", {"--json", "--unowned"});
  EXPECT_EQ(run.status, kExitNo);
  const auto json = run.Json();
  EXPECT_EQ(json["packages"], 1);
  EXPECT_EQ(json["refused"], 1);
  EXPECT_EQ(json["unowned"], 0);
  EXPECT_EQ(json["missing"], json["files"].size());
  EXPECT_EQ(json["files"][0]["kind"], "missing");
  EXPECT_EQ(json["files"][0]["package"], "audit-3.0.6-1.cm2.x86_64");
  EXPECT_EQ(json["lists"][0]["name"], "rpm-junk");
  EXPECT_EQ(json["lists"][0]["error"], "unsigned");
}

TEST_F(VerifyByRealListsTest, AListThatCannotBeReadIsNoAnswer) {
  std::filesystem::create_directory(dir_ / "lists");
  std::filesystem::create_symlink("gone", dir_ / "lists/rpm-x");
  dir_.Write("lists/rpm-audit", ReadText(RealData() / kAudit));
  EXPECT_EQ(Verify(dir_ / "lists").status, kExitFailed);
}

TEST_F(VerifyByRealListsTest, FailsWithoutAnyHeader) {
  std::filesystem::create_directory(dir_ / "lists");
  const auto run = Verify(dir_ / "lists");
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("no header of a package in "), std::string::npos);
}

TEST_F(VerifyByRealListsTest, TellsWhatNoPackageOwns) {
  dir_.Write("tree/evil\x1b[31m\n", "");
  const auto run = Verify(RealData() / kAudit, {"--unowned"});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.out.find("unowned     /evil\\x1b[31m\\x0a\n"),
            std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find(" missing, 1 unowned, 1 package, 0 refused\n"),
            std::string::npos);
}

TEST_F(VerifyByRealListsTest, FailsIfALinkLeadsToAnotherDatabase) {
  std::filesystem::create_directories(dir_ / "other");
  dir_.Write("other/rpmdb.sqlite", "");
  std::filesystem::create_directories(tree_ + "/var/lib");
  std::filesystem::create_symlink(dir_ / "other", tree_ + "/var/lib/rpm");
  const auto run = RunTool(
      {"verify", "--keys", RealData() / "keys/good/mariner.asc", tree_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("a link may lead out"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace assayfs
