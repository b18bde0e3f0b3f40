// SPDX-License-Identifier: Apache-2.0
// `policy learn`, run as users run it.
#include <gmock/gmock.h>

#include <filesystem>

#include "lists/tlv.h"
#include "replay_verbs.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::HasSubstr;
using ::testing::Not;

class LearnVerbTest : public ReplayVerbsTest {};

TEST_F(LearnVerbTest, LearnWritesAListToBeSigned) {
  const std::string out = dir_ / "tlv-local";
  const std::vector uses = {Used("/etc/a", "mine"), Used("/opt/x", "x"),
                            Used("/bin/a", "a")};
  const auto run = Run("learn", uses, {"--take", "/etc/**", "-o", out});
  EXPECT_EQ(run.status, kExitYes) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out,
              HasSubstr("  + modified configuration  /etc/a  sha256:"));
  EXPECT_THAT(run.out, HasSubstr("    alien  /opt/x  sha256:"));
  EXPECT_THAT(run.out, HasSubstr("\n1 taken into " + out));
  EXPECT_THAT(run.out,
              HasSubstr("assayfs lists sign --key FILE --cert FILE " + out));
  const auto list = Must(ParseTlv(AsBytes(ReadText(out))));
  ASSERT_EQ(list.files.size(), 1u);
  EXPECT_EQ(list.files[0].path, "/etc/a");
  EXPECT_EQ(RunTool({"lists", "sign", "--key", key_.key_path, "--cert",
                     key_.certificate_path, out})
                .status,
            kExitYes);
  EXPECT_EQ(Run("replay", {uses[0]}, {"--lists", out}).status, kExitYes);
}

TEST_F(LearnVerbTest, LearnReplacesOnlyWhatItIsTold) {
  const std::string out = dir_.Write("7-tlv-local", "mine");
  const std::vector uses = {Used("/opt/x", "x")};
  const auto run = Run("learn", uses, {"--take", "/opt/*", "-o", out});
  EXPECT_EQ(run.status, kExitNo);
  EXPECT_THAT(run.err, HasSubstr("7-tlv-local: is there already"));
  EXPECT_THAT(run.out, Not(HasSubstr("lists sign")));
  EXPECT_EQ(ReadText(out), "mine");
  EXPECT_EQ(
      Run("learn", uses, {"--take", "/opt/*", "-o", out, "--replace"}).status,
      kExitYes);
  EXPECT_NE(ReadText(out), "mine");
}

TEST_F(LearnVerbTest, LearnTakesNothingUnasked) {
  const std::vector uses = {Used("/opt/x", "x")};
  const std::string out = dir_ / "tlv-local";
  EXPECT_EQ(Run("learn", uses).status, kExitYes);
  EXPECT_EQ(Run("learn", uses, {"-o", out}).status, kExitUsage);
  EXPECT_EQ(Run("learn", uses, {"--take", "/etc/*", "-o", out}).status,
            kExitNo);
  EXPECT_EQ(Run("learn", uses, {"--take", "["}).status, kExitUsage);
  for (const char* name : {"local", "rpm-local", "tlv-"}) {
    EXPECT_EQ(
        Run("learn", uses, {"--take", "/opt/*", "-o", dir_ / name}).status,
        kExitUsage);
  }
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(LearnVerbTest, PatternsThatCanMatchNothingAreRefused) {
  for (const char* option : {"--take", "--leave"}) {
    for (const char* glob : {"etc/*", "*", "opt"}) {
      EXPECT_EQ(Run("learn", {Used("/etc/b", "x")}, {option, glob}).status,
                kExitUsage)
          << option << " " << glob;
    }
  }
}

TEST_F(LearnVerbTest, PatternsThatMatchedNothingAreTold) {
  const auto run = Run("learn", {Used("/etc/b", "x")},
                       {"--take", "/etc/*", "--take", "/opt/a,/etc/b",
                        "--leave", "/srv/*", "--leave", "**.key"});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.err,
            "assayfs: policy learn: --take /opt/a,/etc/b took nothing\n"
            "assayfs: policy learn: --leave /srv/* matches nothing that is "
            "unknown\n"
            "assayfs: policy learn: --leave **.key matches nothing that is "
            "unknown\n");
}

TEST_F(LearnVerbTest, LearnSaysItInJson) {
  const auto run = Run("learn", {Used("/opt/x", "x"), Used("/etc/a", "y")},
                       {"--json", "--take", "/opt/*"});
  const auto json = run.Json();
  EXPECT_EQ(json["uses"], 2);
  EXPECT_EQ(json["unknown"], 2);
  EXPECT_EQ(json["taken"], 1);
  EXPECT_EQ(json["list"], "");
  EXPECT_EQ(json["contents"][0]["kind"], "modified configuration");
  EXPECT_EQ(json["contents"][1]["taken"], true);
}

}  // namespace
}  // namespace assayfs
