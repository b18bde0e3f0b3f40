// SPDX-License-Identifier: Apache-2.0
// `lists show`, run as users run it.
#include <gtest/gtest.h>

#include "crypto/hasher.h"
#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tool_runner.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::RealData;
using testing::RunTool;
using testing::TempDir;

// Origin: `printf abcd | sha256sum`.
constexpr const char* kAbcd =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

std::string Tlv(const std::string& path) {
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes("abcd")));
  return std::string(AsText(WriteTlv({{digest, path, {}}})));
}

TEST(ListsShowTest, PrintsDigestAndPath) {
  const TempDir dir;
  const auto run =
      RunTool({"lists", "show", dir.Write("tlv-a", Tlv("/usr/bin/true"))});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.out, std::string("sha256:") + kAbcd + " /usr/bin/true\n");
}

TEST(ListsShowTest, EscapesControlCharacters) {
  const TempDir dir;
  const auto run =
      RunTool({"lists", "show", dir.Write("tlv-a", Tlv("/a\n\x1b[2J b"))});
  EXPECT_EQ(run.out, std::string("sha256:") + kAbcd + " /a\\x0a\\x1b[2J b\n");
}

TEST(ListsShowTest, JsonNamesFormatAndSignature) {
  const TempDir dir;
  const auto tlv = Tlv("/usr/bin/true");
  dir.Write("tlv-plain", tlv);
  dir.Write("tlv-signed",
            AsText(AppendSignature(AsBytes(tlv), SignatureFormat::kPkcs7,
                                   AsBytes("anything"))));
  const auto run = RunTool({"lists", "show", "--json", dir.path()});
  EXPECT_EQ(run.status, kExitYes);
  const auto lists = run.Json()["lists"];
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0]["name"], "tlv-plain");
  EXPECT_EQ(lists[0]["format"], "tlv");
  EXPECT_EQ(lists[0]["signature"], "none");
  EXPECT_EQ(lists[1]["signature"], "pkcs7");
  EXPECT_EQ(lists[1]["files"][0]["path"], "/usr/bin/true");
  EXPECT_EQ(lists[1]["files"][0]["algorithm"], "sha256");
  EXPECT_EQ(lists[1]["files"][0]["digest"], kAbcd);
}

TEST(ListsShowTest, JsonSurvivesBytesThatAreNoText) {
  const TempDir dir;
  const auto run = RunTool(
      {"lists", "show", "--json", dir.Write("tlv-a", Tlv("/\xff\xfe"))});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.Json()["lists"].size(), 1u);
}

TEST(ListsShowTest, AMalformedListDoesNotStopTheOthers) {
  const TempDir dir;
  dir.Write("tlv-a", "junk");
  dir.Write("tlv-b", Tlv("/b"));
  dir.Write("other-c", "x");
  const auto run = RunTool({"lists", "show", dir.path()});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_EQ(run.out, std::string("sha256:") + kAbcd + " /b\n");
  EXPECT_NE(run.err.find("tlv-a"), std::string::npos);
  EXPECT_NE(run.err.find("other-c"), std::string::npos);
}

TEST(ListsShowTest, FailsOnAMissingPath) {
  const TempDir dir;
  const auto run = RunTool({"lists", "show", dir / "missing"});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_NE(run.err.find("missing"), std::string::npos);
}

TEST(ListsShowTest, WantsAList) {
  EXPECT_EQ(RunTool({"lists", "show"}).status, kExitUsage);
}

TEST(ListsShowTest, RealListsShowWhatLibrpmReads) {
  if (RealData().empty()) GTEST_SKIP() << "no real packages";
  std::ifstream expected(RealData() / "expected/mariner.tsv");
  std::string list;
  std::string number;
  std::string digest;
  std::string mode;
  std::string path;
  std::string want;
  while (std::getline(expected, list, '\t') &&
         std::getline(expected, number, '\t') &&
         std::getline(expected, digest, '\t') &&
         std::getline(expected, mode, '\t') && std::getline(expected, path)) {
    if (list == "rpm-audit-3.0.6-1.cm2.x86_64") {
      want += "sha256:" + digest + " " + path + "\n";
    }
  }
  const auto run = RunTool({"lists", "show",
                            RealData() / "lists/mariner/"
                                         "rpm-audit-3.0.6-1.cm2.x86_64"});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.out, want);
}

}  // namespace
}  // namespace assayfs
