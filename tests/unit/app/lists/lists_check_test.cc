// SPDX-License-Identifier: Apache-2.0
// `lists check`, run as users run it.
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::ReadText;
using testing::RealData;
using testing::RunTool;
using testing::TempDir;

constexpr const char* kAudit = "lists/mariner/rpm-audit-3.0.6-1.cm2.x86_64";

class ListsCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "no real packages";
  }

  std::string key() const { return RealData() / "keys/good/mariner.asc"; }
  TempDir dir_;
};

TEST_F(ListsCheckTest, VerifiesEveryRealList) {
  const auto run = RunTool(
      {"lists", "check", "--keys", key(), RealData() / "lists/mariner"});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_TRUE(run.out.ends_with("\n77 verified, 0 refused, 1,723 digests\n"));
  EXPECT_NE(run.out.find("rpm-audit-3.0.6-1.cm2.x86_64: "), std::string::npos);
  EXPECT_EQ(run.err, "");
}

TEST_F(ListsCheckTest, QuietLeavesOnlyTheSummary) {
  const auto run = RunTool({"lists", "check", "-q", "--keys", key(), "--lists",
                            RealData() / "lists/mariner"});
  EXPECT_EQ(run.out, "77 verified, 0 refused, 1,723 digests\n");
}

TEST_F(ListsCheckTest, NamesAListThatWasChanged) {
  auto bytes = ReadText(RealData() / kAudit);
  bytes[bytes.size() / 2] ^= 1;
  dir_.Write("rpm-bad", bytes);
  dir_.Write("rpm-good", ReadText(RealData() / kAudit));
  const auto run =
      RunTool({"lists", "check", "-q", "--keys", key(), dir_.path()});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_TRUE(run.out.starts_with("refused " + dir_ / "rpm-bad: "));
  EXPECT_NE(run.out.find("\n1 verified, 1 refused, "), std::string::npos);
}

TEST_F(ListsCheckTest, RefusesAListWithoutSignature) {
  const auto run = RunTool(
      {"lists", "check", "--keys", key(),
       dir_.Write(
           "rpm-x",
           ReadText(RealData() / "lists/1-digestlist-rpm-libxslt-1.1.29-4.fc27-"
                                 "x86_64"))});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.out.find("unsigned"), std::string::npos);
}

TEST_F(ListsCheckTest, ChecksPackagesToo) {
  const auto run = RunTool(
      {"lists", "check", "--json", "--keys",
       RealData() / "keys/good/fedora-38.asc",
       RealData() / "rpms/good/"
                    "fedora-release-identity-workstation-38-34.noarch.rpm"});
  EXPECT_EQ(run.status, kExitYes);
  const auto json = run.Json();
  EXPECT_EQ(json["verified"], 1);
  EXPECT_EQ(json["refused"], 0);
  EXPECT_EQ(json["lists"][0]["package"],
            "fedora-release-identity-workstation-38-34.noarch");
  EXPECT_FALSE(json["lists"][0]["signer"]["fingerprint"].empty());
}

TEST_F(ListsCheckTest, JsonGivesTheReason) {
  const auto run =
      RunTool({"lists", "check", "--json", "--keys", key(),
               RealData() / "rpms/unsigned/hello-2.0-1.x86_64.rpm"});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(run.Json()["lists"][0]["verified"], false);
  EXPECT_FALSE(run.Json()["lists"][0]["error"].empty());
}

TEST_F(ListsCheckTest, ABrokenPackageIsNamedOnce) {
  const std::string path = RealData() / "rpms/odd/hello-1.0-1.x86_64.rpm-v3";
  const auto run = RunTool({"lists", "check", "--keys", key(), path});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_TRUE(run.out.starts_with("refused " + path + ": RPM header: "))
      << run.out;
}

TEST_F(ListsCheckTest, FailsWithoutKeys) {
  const auto run = RunTool({"lists", "check", "--keys", dir_ / "missing.asc",
                            RealData() / "lists/mariner"});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("missing.asc"), std::string::npos);
}

TEST_F(ListsCheckTest, FailsOnAMissingFolder) {
  const auto run =
      RunTool({"lists", "check", "--keys", key(), dir_ / "missing"});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("missing"), std::string::npos);
}

TEST_F(ListsCheckTest, AnEmptyFolderIsNoSuccess) {
  const auto run = RunTool({"lists", "check", "--keys", key(), dir_.path()});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("no digest list in"), std::string::npos);
}

TEST_F(ListsCheckTest, AnOversizedListIsRefused) {
  std::filesystem::resize_file(dir_.Write("rpm-x", ""), (64 << 20) + 1);
  const auto run = RunTool({"lists", "check", "--keys", key(), dir_.path()});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_NE(run.out.find(": too large: more than"), std::string::npos);
}

TEST_F(ListsCheckTest, AListThatCannotBeReadIsNotDecided) {
  std::filesystem::create_symlink("gone", dir_ / "rpm-x");
  dir_.Write("rpm-good", ReadText(RealData() / kAudit));
  const auto run = RunTool(
      {"lists", "check", "--keys", key(), dir_ / "rpm-good", dir_ / "rpm-x"});
  EXPECT_EQ(run.status, kExitFailed);
}

}  // namespace
}  // namespace assayfs
