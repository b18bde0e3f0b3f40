// SPDX-License-Identifier: Apache-2.0
// `policy replay` and `policy learn`, run as users run them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/uses/use_records.h"
#include "replay_verbs.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ReplayVerbsTest, TheStatusSaysWhetherSomethingIsDenied) {
  const auto good = Run("replay", {Used("/bin/a", "a")});
  EXPECT_EQ(good.status, kExitYes);
  EXPECT_EQ(good.out,
            "1 use replayed, 0 denied, 0 of them new; 0 no longer denied\n");
  EXPECT_EQ(good.err, "");
  EXPECT_EQ(Run("replay", {Used("/bin/a", "x")}).status, kExitNo);
  auto use = Used("/bin/a", "x");
  use.digests.clear();
  EXPECT_EQ(Run("replay", {use}).status, kExitFailed);
}

TEST_F(ReplayVerbsTest, LinesThatAreNoUsesAreCounted) {
  const std::string lines = "junk\n\n" + WriteUse(Used("/bin/a", "a")) +
                            "\n{}\nNov 1 host assayfs: denied /bin/b for read "
                            "by uid 5: unknown-content (" +
                            DigestOf("b").ToString() + ")";
  const auto run =
      RunTool({"policy", "replay", "--json", "--keys", key_.certificate_path,
               "--lists", dir_ / "lists", dir_.Write("log", lines)});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_EQ(run.err,
            "assayfs: policy replay: 2 lines left out: no use of a file\n");
  const auto json = run.Json();
  EXPECT_EQ(json["lines_left_out"], 2);
  EXPECT_EQ(json["uses"], 2);
  EXPECT_EQ(json["lists"], 1);
  EXPECT_EQ(json["policy"], "files");
  EXPECT_EQ(json["denials"][0]["path"], "/bin/b");
  EXPECT_EQ(json["denials"][0]["new"], false);
}

TEST_F(ReplayVerbsTest, EachUseCountsOnce) {
  const auto use = Used("/bin/a", "a");
  EXPECT_THAT(Run("replay", {use, use}).out, HasSubstr("1 use replayed"));
}

TEST_F(ReplayVerbsTest, ThePolicyIsThatOfAMount) {
  const std::vector uses = {Used("/opt/x", "x")};
  const std::string good =
      dir_.Write("good", "appraise func=DIGEST_LIST_CHECK\nappraise uid=0\n");
  EXPECT_EQ(Run("replay", uses, {"--policy", good}).status, kExitNo);
  const std::string bad = dir_.Write("bad", "appraise func=FILE_CHECK\n");
  const auto run = Run("replay", uses, {"--policy", bad});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("but no digest lists"));
  EXPECT_EQ(Run("replay", uses, {"--bind", "size"}).status, kExitUsage);
  EXPECT_EQ(Run("replay", uses, {"--pcr", "11"}).status, kExitNo);
  for (const char* pcr : {"77", "16", "-1", "x"}) {
    EXPECT_EQ(Run("replay", uses, {"--pcr", pcr}).status, kExitUsage);
  }
}

TEST_F(ReplayVerbsTest, BoundPathsAreCompared) {
  const std::vector uses = {Used("/opt/x", "a")};
  EXPECT_EQ(Run("replay", uses).status, kExitYes);
  const auto run = Run("replay", uses, {"--bind", "path,caps"});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.out, HasSubstr("path-mismatch"));
  EXPECT_THAT(run.out, HasSubstr("does not tell: caps, of 1 use\n"));
}

TEST_F(ReplayVerbsTest, AnUpdateTakesThePlaceOfAPackage) {
  const std::string list =
      WriteSigned("rpm-a2", HeaderBuilder()
                                .Package("a", "2", "1", "noarch")
                                .Metadata()
                                .File("/bin/a", DigestOf("new").Hex())
                                .Build());
  const std::vector uses = {Used("/bin/a", "a")};
  const auto run = Run("replay", uses, {"--update", list});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.out,
              HasSubstr("a-2-1.noarch: 1, 1 new\n    + /bin/a: modified"));
  EXPECT_EQ(Run("replay", uses, {"--lists", list}).status, kExitYes);
  EXPECT_EQ(Run("replay", {Used("/bin/a", "new")}, {"--update", list}).status,
            kExitYes);
}

TEST_F(ReplayVerbsTest, ARefusedUpdateIsNoAnswer) {
  const auto run = Run("replay", {Used("/bin/a", "a")},
                       {"--update", dir_.Write("rpm-x", "x")});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("rpm-x: unsigned"));
}

TEST_F(ReplayVerbsTest, RemovedPackagesKnowNothing) {
  const std::vector uses = {Used("/bin/a", "a")};
  for (const char* name : {"a", "rpm-?"}) {
    const auto run = Run("replay", uses, {"--remove", name});
    EXPECT_EQ(run.status, kExitNo);
    EXPECT_THAT(run.out, HasSubstr("new to these lists:\n  /bin: 1\n"));
  }
  EXPECT_EQ(Run("replay", uses, {"--remove", "b"}).status, kExitFailed);
  EXPECT_EQ(Run("replay", uses, {"--remove", "["}).status, kExitUsage);
}

TEST_F(ReplayVerbsTest, RevocationsCount) {
  const std::string revoked = dir_.Write("revoked", "package a\n");
  const auto run = Run("replay", {Used("/bin/a", "a")}, {"--revoked", revoked});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.out, HasSubstr("/bin/a: revoked"));
}

TEST_F(ReplayVerbsTest, RefusedListsAreToldAndUnreadOnesDecide) {
  dir_.Write("lists/rpm-junk", "junk");
  auto run = Run("replay", {Used("/bin/a", "a")});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.err, "assayfs: list rpm-junk: unsigned\n");
  std::filesystem::create_symlink("gone", dir_ / "lists/rpm-gone");
  EXPECT_EQ(Run("replay", {Used("/bin/a", "a")}).status, kExitFailed);
  EXPECT_EQ(Run("learn", {Used("/bin/a", "a")}).status, kExitFailed);
}

TEST_F(ReplayVerbsTest, WhatIsMissingIsNoAnswer) {
  const std::string lists = dir_ / "lists";
  for (const char* verb : {"replay", "learn"}) {
    EXPECT_EQ(RunTool({"policy", verb}).status, kExitUsage);
    EXPECT_EQ(RunTool({"policy", verb, "--keys", key_.certificate_path,
                       "--lists", lists, dir_ / "missing"})
                  .status,
              kExitFailed);
    for (const char* option : {"--keys", "--revoked", "--lists"}) {
      const auto run =
          Run(verb, {Used("/bin/a", "a")}, {option, dir_ / "missing"});
      EXPECT_EQ(run.status, kExitFailed);
      EXPECT_THAT(run.err, HasSubstr(dir_ / "missing"));
    }
  }
  std::filesystem::remove_all(lists);
  std::filesystem::create_directory(lists);
  EXPECT_THAT(Run("replay", {Used("/bin/a", "a")}).err,
              HasSubstr("no digest list in"));
}

TEST_F(ReplayVerbsTest, ARecordWithoutAUseIsNoAnswer) {
  const std::string good =
      dir_.Write("good", WriteUse(Used("/bin/a", "a")) + "\n");
  const std::string log = dir_.Write("log", "12 0123 ima-ng sha256:00 /a\n");
  const std::string empty = dir_.Write("empty", "\n");
  for (const char* verb : {"replay", "learn"}) {
    for (const std::string& wrong : {log, empty}) {
      const auto run =
          RunTool({"policy", verb, "--json", "--keys", key_.certificate_path,
                   "--lists", dir_ / "lists", good, wrong});
      EXPECT_EQ(run.status, kExitFailed);
      EXPECT_EQ(run.out, "");
      EXPECT_EQ(run.err, std::string("assayfs: policy ") + verb +
                             ": no use of a file in " + wrong +
                             "; make one with `assayfs mount --record`\n");
    }
  }
}

TEST(UseRecordsTest, FoldersOfPaths) {
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
}

class ReplayByRealListsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (RealData().empty()) GTEST_SKIP() << "no real packages";
  }

  Outcome Run(const std::string& verb, const std::vector<std::string>& more) {
    std::vector<std::string> words = {
        "policy",  verb,
        "--keys",  RealData() / "keys/good/mariner.asc",
        "--keys",  RealData() / "keys/good/fedora-38.asc",
        "--lists", RealData() / "lists/mariner"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(record_);
    return RunTool(words);
  }

  // Every file of the lists, used as they have it.
  std::string EveryFile() {
    std::ifstream rows(RealData() / "expected/mariner.tsv");
    std::string lines;
    for (std::string row; std::getline(rows, row);) {
      std::vector<std::string> columns;
      std::istringstream in(row);
      for (std::string one; std::getline(in, one, '\t');) {
        columns.push_back(one);
      }
      auto use = Used(columns.at(4), "");
      use.digests = {
          Must(Digest::FromHex(HashAlgorithm::kSha256, columns.at(2)))};
      use.mode = static_cast<std::uint32_t>(std::stoul(columns[3], nullptr, 8));
      use.use.number(NumberFact::kFowner) = 0;
      use.use.number(NumberFact::kFgroup) = 0;
      lines += WriteUse(use) + "\n";
    }
    return lines;
  }

  TempDir dir_;
  std::string record_;
};

TEST_F(ReplayByRealListsTest, WhatPackagesBroughtIsAllowed) {
  record_ = dir_.Write("uses", EveryFile());
  const auto run = Run("replay", {"--bind", "path,mode"});
  EXPECT_EQ(run.status, kExitYes) << run.out.substr(0, 1000);
  EXPECT_THAT(run.out, HasSubstr(" 0 denied"));
}

TEST_F(ReplayByRealListsTest, WithoutAPackageItsFilesAreDenied) {
  record_ = dir_.Write("uses", EveryFile());
  const auto run = Run("replay", {"--json", "--remove", "bash"});
  EXPECT_EQ(run.status, kExitNo);
  const auto json = run.Json();
  EXPECT_EQ(json["lists"], 76);
  EXPECT_GT(json["new_denials"], 0);
  EXPECT_EQ(json["denials"][0]["reason"], "unknown-content");
}

TEST_F(ReplayByRealListsTest, PackageFilesCanBeUpdates) {
  record_ = dir_.Write("uses", EveryFile());
  const auto run = Run(
      "replay",
      {"--json", "--update",
       RealData() / "rpms/good/"
                    "fedora-release-identity-workstation-38-34.noarch.rpm"});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.Json()["lists"], 78);
}

TEST_F(ReplayByRealListsTest, ConfigurationIsWhatTheHeaderSays) {
  record_ = dir_.Write(
      "uses",
      Lines({Used("/etc/audit/auditd.conf", "mine"), Used("/bin/bash", "mine"),
             Used("/usr/bin/grep", "mine"), Used("/opt/x", "x")}));
  const auto json = Run("learn", {"--json"}).Json();
  std::vector<std::string> kinds;
  for (const auto& content : json["contents"]) kinds.push_back(content["kind"]);
  EXPECT_THAT(kinds, ElementsAre("modified", "modified configuration", "alien",
                                 "modified"));
}

}  // namespace
}  // namespace assayfs
