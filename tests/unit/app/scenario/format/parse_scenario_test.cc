// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/format/parse_scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using ::testing::IsEmpty;
using ::testing::Key;
using testing::Must;
using ::testing::Optional;

// What every scenario needs, up to the first step; five lines.
constexpr char kBegin[] =
    "title = \"t\"\n"
    "policy = \"files\"\n"
    "[tree]\n"
    "\"/a\" = \"content\"\n"
    "\"/l\" = { link = \"a\" }\n";
constexpr char kStep[] = "[[step]]\nopen = \"/a\"\n";

Result<Scenario> Parse(const std::string& text) {
  return ParseScenario("name", text);
}
Result<Scenario> ParseStep(const std::string& step) {
  return Parse(kBegin + ("[lists.base]\nfiles = [\"/a\"]\n" + step));
}
// The settings of a scenario.
Result<Scenario> ParseSettings(const std::string& settings) {
  return Parse("title = \"t\"\npolicy = \"files\"\n" + settings + "\n" + kStep);
}
Result<Scenario> ParseEntry(const std::string& entry) {
  return Parse(kBegin + ("\"/b\" = " + entry + "\n" + kStep));
}
Result<Scenario> ParseList(const std::string& members) {
  return Parse(kBegin + ("[lists]\nx = {" + members + "}\n" + kStep));
}
Step OnlyStep(const std::string& step) {
  return Must(ParseStep("[[step]]\n" + step)).steps.at(0);
}

TEST(ParseScenarioTest, WhatIsLeftOutHasDefaults) {
  const auto scenario = Must(ParseSettings(""));
  EXPECT_EQ(scenario.name, "name");
  EXPECT_EQ(scenario.title, "t");
  EXPECT_EQ(scenario.policy, "files");
  EXPECT_EQ(scenario.policy_signer, "");
  EXPECT_EQ(scenario.mode, "enforce");
  EXPECT_EQ(scenario.pcr, 12u);
  EXPECT_FALSE(scenario.read_only || scenario.floors);
  EXPECT_THAT(scenario.trusted, ElementsAre("vendor"));
  EXPECT_THAT(scenario.steps, ::testing::SizeIs(1));
}

TEST(ParseScenarioTest, ReadsSettings) {
  const auto scenario = Must(
      ParseSettings("policy_signed_by = \"us\"\nmode = \"log\"\n"
                    "bind = \"path,mode\"\nread_only = true\nfloors = true\n"
                    "pcr = 10\ntrusted = [\"vendor\", \"us\"]\n"
                    "only_mounted = \"because\"\n[include]\n"
                    "common = \"\"\"\naudit\n\"\"\"\n"));
  EXPECT_EQ(scenario.policy_signer, "us");
  EXPECT_EQ(scenario.mode, "log");
  EXPECT_EQ(scenario.bind, "path,mode");
  EXPECT_TRUE(scenario.read_only && scenario.floors);
  EXPECT_EQ(scenario.pcr, 10u);
  EXPECT_THAT(scenario.trusted, ElementsAre("vendor", "us"));
  EXPECT_EQ(scenario.only_mounted, "because");
  EXPECT_EQ(scenario.includes.at("common"), "audit\n");
}

TEST(ParseScenarioTest, ReadsATree) {
  const auto scenario =
      Must(Parse("title = \"t\"\npolicy = \"files\"\n[tree]\n\"/a\" = \"x\"\n"
                 "\"/b\" = { content = \"y\", mode = \"4755\", owner = 5 }\n"
                 "\"/c\" = { folder = true, group = 7 }\n"
                 "\"/d\" = { link = \"../a\" }\n" +
                 std::string(kStep)));
  using Kind = TreeEntry::Kind;
  EXPECT_EQ(scenario.tree.at("/a").content, "x");
  EXPECT_EQ(scenario.tree.at("/a").mode, 0644u);
  EXPECT_EQ(scenario.tree.at("/b").content, "y");
  EXPECT_EQ(scenario.tree.at("/b").mode, 04755u);
  EXPECT_EQ(scenario.tree.at("/b").owner, 5u);
  EXPECT_EQ(scenario.tree.at("/c").kind, Kind::kFolder);
  EXPECT_EQ(scenario.tree.at("/c").mode, 0755u);
  EXPECT_EQ(scenario.tree.at("/c").group, 7u);
  EXPECT_EQ(scenario.tree.at("/d").kind, Kind::kLink);
  EXPECT_EQ(scenario.tree.at("/d").content, "../a");
}

TEST(ParseScenarioTest, ReadsLists) {
  const auto scenario = Must(Parse(
      kBegin + ("[lists]\nbase = { files = [\"/a\"], signed_by = \"\" }\n"
                "[more_lists.nginx]\npackage = \"nginx\"\nversion = \"1.2-3\"\n"
                "files = [\"/a\", \"/l\"]\ncontents = { \"/x\" = \"text\" }\n"
                "algorithm = \"sha512\"\nowner = 3\nsigned_by = \"us\"\n" +
                std::string(kStep))));
  const ScenarioList& base = scenario.lists.at("base");
  EXPECT_EQ(base.signer, "");
  EXPECT_EQ(base.algorithm, HashAlgorithm::kSha256);
  EXPECT_EQ(base.package, "");
  EXPECT_THAT(base.files, ElementsAre("/a"));
  const ScenarioList& nginx = scenario.more_lists.at("nginx");
  EXPECT_EQ(nginx.signer, "us");
  EXPECT_EQ(nginx.algorithm, HashAlgorithm::kSha512);
  EXPECT_EQ(nginx.package, "nginx");
  EXPECT_EQ(nginx.version, "1.2-3");
  EXPECT_EQ(nginx.owner, 3u);
  EXPECT_THAT(nginx.files, ElementsAre("/a", "/l"));
  EXPECT_EQ(nginx.contents.at("/x"), "text");
}

TEST(ParseScenarioTest, AnOpenIsByRootForReadingUnlessItSaysSo) {
  const Step step = OnlyStep("open = \"/a\"\n");
  EXPECT_EQ(step.action, Step::Action::kOpen);
  EXPECT_EQ(step.line, 8u);
  EXPECT_EQ(step.path, "/a");
  EXPECT_EQ(step.mask, kMayRead);
  EXPECT_EQ(step.uid, 0u);
  EXPECT_FALSE(step.euid || step.egid);
  EXPECT_FALSE(step.expect.verdict || step.expect.line || step.expect.records);
}

TEST(ParseScenarioTest, ReadsAnAsker) {
  const std::string container(64, 'a');
  const Step step = OnlyStep(
      "open = \"/a\"\nuid = 1000\ngid = 5\neuid = 0\negid = 1\n"
      "exe = \"/srv/tool\"\ncontainer = \"" +
      container + "\"\n");
  EXPECT_EQ(step.uid, 1000u);
  EXPECT_EQ(step.gid, 5u);
  EXPECT_THAT(step.euid, Optional(0u));
  EXPECT_THAT(step.egid, Optional(1u));
  EXPECT_EQ(step.exe, "/srv/tool");
  EXPECT_EQ(step.container, container);
}

TEST(ParseScenarioTest, ReadsWhatAnOpenIsFor) {
  const auto mask_for = [](const std::string& word) {
    return OnlyStep("open = \"/a\"\nfor = \"" + word + "\"\n").mask;
  };
  EXPECT_EQ(mask_for("read"), kMayRead);
  EXPECT_EQ(mask_for("write"), kMayWrite);
  EXPECT_EQ(mask_for("append"), kMayWrite | kMayAppend);
  EXPECT_EQ(mask_for("read-write"), kMayRead | kMayWrite);
  EXPECT_EQ(mask_for("exec"), kMayExec);
}

TEST(ParseScenarioTest, ReadsWhatIsExpected) {
  const Expectation expect =
      OnlyStep(
          "open = \"/a\"\nverdict = \"deny\"\nreason = \"io-error\"\n"
          "line = 3\nrecords = [\"one\", \"two\"]\nmeasured = []\n")
          .expect;
  EXPECT_THAT(expect.verdict, Optional(std::string("deny")));
  EXPECT_THAT(expect.reason, Optional(std::string("io-error")));
  EXPECT_THAT(expect.line, Optional(3u));
  EXPECT_THAT(expect.records, Optional(ElementsAre("one", "two")));
  EXPECT_THAT(expect.measured, Optional(IsEmpty()));
}

TEST(ParseScenarioTest, ReadsChangesToFiles) {
  using enum Step::Action;
  Step step = OnlyStep("write = \"/a\"\ncontent = \"new\"\n");
  EXPECT_EQ(step.action, kWrite);
  EXPECT_EQ(step.path + " " + step.text, "/a new");
  step = OnlyStep("change = \"/a\"\ncontent = \"new\"\n");
  EXPECT_EQ(step.action, kChange);
  EXPECT_EQ(step.path + " " + step.text, "/a new");
  step = OnlyStep("rename = \"/a\"\nto = \"/b\"\n");
  EXPECT_EQ(step.action, kRename);
  EXPECT_EQ(step.path + " " + step.to, "/a /b");
  step = OnlyStep("remove = \"/a\"\n");
  EXPECT_EQ(step.action, kRemove);
  step = OnlyStep("chown = \"/a\"\nowner = 6\n");
  EXPECT_EQ(step.action, kSetOwner);
  EXPECT_EQ(step.owner, 6u);
}

TEST(ParseScenarioTest, ReadsChangesToListsAndPolicy) {
  using enum Step::Action;
  Step step = OnlyStep("add_list = \"base\"\n");
  EXPECT_EQ(step.action, kAddList);
  EXPECT_EQ(step.list, "base");
  step = OnlyStep("replace_list = \"base\"\nwith = \"base\"\n");
  EXPECT_EQ(step.action, kReplaceList);
  EXPECT_EQ(step.list, "base");
  EXPECT_EQ(step.to, "base");
  step = OnlyStep("remove_list = \"base\"\n");
  EXPECT_EQ(step.action, kRemoveList);
  step = OnlyStep("revoke = \"digest %/a%\"\n");
  EXPECT_EQ(step.action, kRevoke);
  EXPECT_EQ(step.text, "digest %/a%");
  step = OnlyStep(
      "reload = \"audit uid=5\"\nsigned_by = \"us\"\nerror = \"not\"\n");
  EXPECT_EQ(step.action, kReload);
  EXPECT_EQ(step.text, "audit uid=5");
  EXPECT_EQ(step.signed_by, "us");
  EXPECT_THAT(step.expect.error, Optional(std::string("not")));
  EXPECT_EQ(OnlyStep("reload = \"\"\n").text, "");
}

TEST(ParseScenarioTest, StepsKeepTheirOrderAndLines) {
  const auto steps = Must(ParseStep("[[step]]\nopen = \"/b\"\n\n"
                                    "[[step]]\nopen = \"/a\"\n"))
                         .steps;
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].path, "/b");
  EXPECT_EQ(steps[1].path, "/a");
  EXPECT_EQ(steps[1].line, 11u);
}

TEST(ParseScenarioTest, WhatIsNoTomlIsRefusedWithItsPlace) {
  EXPECT_THAT(Parse("title = \"a\nb\""), FailsSaying(EINVAL, "name.toml:1:11"));
  EXPECT_THAT(Parse("a = 1\na = 2\n"), FailsSaying(EINVAL, "name.toml:2:"));
  EXPECT_THAT(Parse("[/a]\n"), FailsSaying(EINVAL, "name.toml:1:2: "));
  EXPECT_THAT(Parse("a = [[["), FailsSaying(EINVAL, "name.toml:1:"));
}

TEST(ParseScenarioTest, OtherCharactersThanAsciiAreEscaped) {
  EXPECT_THAT(ParseSettings("# \xc3\xa9"),
              FailsSaying(EINVAL, "name.toml:3:3: not ASCII"));
  EXPECT_EQ(OnlyStep("open = \"/\\u00e9\"\n").path, "/\xc3\xa9");
}

TEST(ParseScenarioTest, TooMuchIsRefused) {
  EXPECT_THAT(Parse(std::string((1 << 20) + 1, '\n')), FailsWith(EFBIG));
  std::string steps;
  for (int i = 0; i < 10'001; ++i) steps += "[[step]]\nremove = \"/a\"\n";
  EXPECT_THAT(ParseStep(steps), FailsSaying(EINVAL, "more than 10000 steps"));
}

TEST(ParseScenarioTest, KeysAndValuesThatGoTooDeepAreRefused) {
  std::string dots = "\n a";
  for (int i = 0; i < 100'000; ++i) dots += ".a";
  EXPECT_THAT(Parse(dots + " = 1\n"), FailsSaying(EINVAL, "name.toml:2:403:"));
  EXPECT_THAT(Parse("a = " + std::string(100'000, '[')), FailsWith(EINVAL));
}

TEST(ParseScenarioTest, WhatMustBeThereIsAskedFor) {
  EXPECT_THAT(Parse("title = \"t\"\n" + std::string(kStep)),
              FailsSaying(EINVAL, "name.toml:1:1: \"policy\" is missing"));
  EXPECT_THAT(Parse("policy = \"files\"\n" + std::string(kStep)),
              FailsSaying(EINVAL, "\"title\" is missing"));
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"files\"\n"),
              FailsSaying(EINVAL, "\"step\" is missing"));
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"files\"\nstep = []\n"),
              FailsSaying(EINVAL, "3:1: steps are written [[step]]"));
}

TEST(ParseScenarioTest, UnknownKeysAreRefusedWithThoseThatAreKnown) {
  EXPECT_THAT(ParseSettings("moed = \"log\""),
              FailsSaying(EINVAL, "name.toml:3:1: \"moed\" is not known here"));
  EXPECT_THAT(ParseSettings("moed = \"log\""), FailsSaying(EINVAL, ", mode,"));
  EXPECT_THAT(ParseEntry("{ content = \"\", mod = \"\" }"),
              FailsSaying(EINVAL, "6:24: \"mod\" is not known here (content"));
  EXPECT_THAT(ParseList("file = []"),
              FailsSaying(EINVAL, "\"file\" is not known here (files"));
  EXPECT_THAT(
      ParseStep("[[step]]\nremove = \"/a\"\nuid = 5\n"),
      FailsSaying(EINVAL,
                  "10:1: \"uid\" is not known here (remove, error, records, "
                  "measured)"));
}

TEST(ParseScenarioTest, ValuesOfTheWrongKindAreRefused) {
  EXPECT_THAT(
      ParseSettings("mode = 5"),
      FailsSaying(EINVAL, "3:8: \"mode\" must be text, but is a whole number"));
  EXPECT_THAT(ParseSettings("floors = \"true\""),
              FailsSaying(EINVAL, "must be true or false, but is text"));
  EXPECT_THAT(ParseSettings("pcr = 1.5"),
              FailsSaying(EINVAL, "must be a whole number"));
  EXPECT_THAT(ParseSettings("trusted = \"us\""),
              FailsSaying(EINVAL, "must be an array"));
  EXPECT_THAT(
      ParseSettings("trusted = [5]"),
      FailsSaying(EINVAL, "3:12: an item of an array must be text, but is"));
  EXPECT_THAT(ParseSettings("tree = 5"),
              FailsSaying(EINVAL, "must be a table"));
  EXPECT_THAT(ParseSettings("lists = []"),
              FailsSaying(EINVAL, "must be a table"));
  EXPECT_THAT(ParseEntry("5"), FailsSaying(EINVAL, "text, or a table of"));
  EXPECT_THAT(ParseList("signed_by = 5"), FailsSaying(EINVAL, "must be text"));
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"files\"\n[step]\nopen = 1\n"),
              FailsSaying(EINVAL, "steps are written [[step]]"));
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"files\"\nstep = [5]\n"),
              FailsSaying(EINVAL, "3:9: an item of an array must be a table"));
}

TEST(ParseScenarioTest, WordsMustBeOfThoseThatAreAllowed) {
  EXPECT_THAT(ParseSettings("mode = \"off\""),
              FailsSaying(EINVAL, "\"off\" is none of: enforce, log"));
  EXPECT_THAT(ParseSettings("bind = \"paht\""), FailsSaying(EINVAL, "paht"));
  EXPECT_THAT(ParseSettings("pcr = 16"), FailsSaying(EINVAL, "reset"));
  EXPECT_THAT(ParseSettings("pcr = 23"), FailsSaying(EINVAL, "from 0 to 22"));
  EXPECT_THAT(ParseList("algorithm = \"sha\""),
              FailsSaying(EINVAL, "\"sha\" is none of: md5, sha1"));
  const std::string open = "[[step]]\nopen = \"/a\"\n";
  EXPECT_THAT(ParseStep(open + "for = \"look\"\n"),
              FailsSaying(EINVAL, "none of: read, write, append, read-write"));
  EXPECT_THAT(ParseStep(open + "verdict = \"alow\"\n"),
              FailsSaying(EINVAL, "none of: allow, deny, unjudged, error"));
  EXPECT_THAT(ParseStep(open + "reason = \"bad\"\n"),
              FailsSaying(EINVAL, "writer-active, dont-appraise, not-regular"));
  EXPECT_THAT(ParseStep(open + "uid = -1\n"), FailsSaying(EINVAL, "from 0 to"));
  EXPECT_THAT(ParseStep(open + "uid = 4294967295\n"),
              FailsSaying(EINVAL, "from 0 to 4294967294"));
  EXPECT_THAT(ParseStep(open + "container = \"abc\"\n"),
              FailsSaying(EINVAL, "10:13: the id of a container is 64 digits"));
}

TEST(ParseScenarioTest, AOneWordPolicyMustBeBuiltIn) {
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"fiels\"\n"),
              FailsSaying(EINVAL, "2:10: \"fiels\" is neither rules nor"));
  EXPECT_THAT(ParseStep("[[step]]\nreload = \"fiels\"\n"),
              FailsSaying(EINVAL, "(files, exec, measure"));
}

TEST(ParseScenarioTest, PathsBeginWithASlashAndStayInTheTree) {
  for (const std::string path :
       {"a", "", "/", "/a/", "//a", "/../a", "/a/..", "/./a", "/a\\u0000b"}) {
    EXPECT_THAT(ParseStep("[[step]]\nopen = \"" + path + "\"\n"),
                FailsSaying(EINVAL, "9:8: "))
        << path;
    EXPECT_THAT(Parse(kBegin + ("\"" + path + "\" = \"\"\n") + kStep),
                FailsSaying(EINVAL, "6:1: "))
        << path;
  }
  EXPECT_EQ(OnlyStep("open = \"/a..b/.c\"\n").path, "/a..b/.c");
}

TEST(ParseScenarioTest, NothingIsBelowALinkOrAFile) {
  const std::string below = "\"/l/passwd\" = \"\"\n";
  EXPECT_THAT(Parse(kBegin + below + kStep),
              FailsSaying(EINVAL, "6:1: \"/l\" is no folder"));
  EXPECT_THAT(Parse(kBegin + ("\"/a/b/c\" = \"\"\n" + std::string(kStep))),
              FailsSaying(EINVAL, "\"/a\" is no folder"));
}

TEST(ParseScenarioTest, AnEntryIsOneThing) {
  EXPECT_THAT(ParseEntry("{ mode = \"0644\" }"),
              FailsSaying(EINVAL, "exactly one of these must be here"));
  EXPECT_THAT(ParseEntry("{ link = \"a\", folder = true }"),
              FailsSaying(EINVAL, "exactly one of these must be here"));
  EXPECT_THAT(ParseEntry("{ folder = false }"),
              FailsSaying(EINVAL, "can only be true"));
  EXPECT_THAT(ParseEntry("{ link = \"\" }"), FailsSaying(EINVAL, "lead to"));
  EXPECT_THAT(ParseEntry("{ link = \"a\", mode = \"0644\" }"),
              FailsSaying(EINVAL, "no mode"));
  EXPECT_THAT(ParseEntry("{ content = \"\", mode = \"0888\" }"),
              FailsSaying(EINVAL, "octal"));
  EXPECT_THAT(ParseEntry("{ content = \"\", mode = \"10000\" }"),
              FailsSaying(EINVAL, "octal"));
}

TEST(ParseScenarioTest, NamesCanBeNamesOfFiles) {
  for (const std::string name : {"", ".x", "a/b", "a b", "../a"}) {
    EXPECT_THAT(ParseSettings("trusted = [\"" + name + "\"]"),
                FailsSaying(EINVAL, "is no name"))
        << name;
    EXPECT_THAT(ParseSettings("[lists]\n\"" + name + "\" = {}"),
                FailsSaying(EINVAL, "4:1: \"" + name + "\" is no name"))
        << name;
    EXPECT_THAT(ParseSettings("[include]\n\"" + name + "\" = \"\""),
                FailsSaying(EINVAL, "is no name"))
        << name;
  }
}

TEST(ParseScenarioTest, AnIncludedFileIsNotThePolicy) {
  EXPECT_THAT(ParseSettings("[include]\npolicy = \"\""),
              FailsSaying(EINVAL, "4:1: the policy itself has this name"));
}

TEST(ParseScenarioTest, TheFilesOfAListMustBeInTheTree) {
  EXPECT_THAT(ParseList("files = [\"/a\", \"/b\"]"),
              FailsSaying(EINVAL, "7:21: \"/b\" is not in the tree"));
  EXPECT_THAT(ParseList("files = [\"/l\"]"),
              FailsSaying(EINVAL, "\"/l\" is no file"));
  EXPECT_THAT(ParseList("version = \"1\""),
              FailsSaying(EINVAL, "is for a \"package\""));
}

TEST(ParseScenarioTest, AListHasOneMeaning) {
  EXPECT_THAT(Parse(kBegin + ("[lists]\nx = {}\n[more_lists]\nx = {}\n" +
                              std::string(kStep))),
              FailsSaying(EINVAL, "9:1: there is a list \"x\""));
}

TEST(ParseScenarioTest, AStepDoesOneThing) {
  EXPECT_THAT(ParseStep("[[step]]\nuid = 5\n"),
              FailsSaying(EINVAL, "8:1: the step does nothing; it must have"));
  EXPECT_THAT(
      ParseStep("[[step]]\nopen = \"/a\"\nremove = \"/a\"\n"),
      FailsSaying(EINVAL, "10:1: the step does two things, open and remove"));
}

TEST(ParseScenarioTest, AStepHasAllThatItNeeds) {
  EXPECT_THAT(ParseStep("[[step]]\nwrite = \"/a\"\n"),
              FailsSaying(EINVAL, "\"content\" is missing"));
  EXPECT_THAT(ParseStep("[[step]]\nchange = \"/a\"\n"),
              FailsSaying(EINVAL, "\"content\" is missing"));
  EXPECT_THAT(ParseStep("[[step]]\nrename = \"/a\"\n"),
              FailsSaying(EINVAL, "\"to\" is missing"));
  EXPECT_THAT(ParseStep("[[step]]\nchown = \"/a\"\n"),
              FailsSaying(EINVAL, "\"owner\" is missing"));
}

TEST(ParseScenarioTest, AStepNamesAListThatIsThere) {
  EXPECT_THAT(ParseStep("[[step]]\nadd_list = \"bsae\"\n"),
              FailsSaying(EINVAL, "9:12: there is no list \"bsae\" (base)"));
  EXPECT_THAT(ParseStep("[[step]]\nreplace_list = \"base\"\n"),
              FailsSaying(EINVAL, "\"with\" is missing"));
  EXPECT_THAT(ParseStep("[[step]]\nreplace_list = \"base\"\nwith = \"bsae\"\n"),
              FailsSaying(EINVAL, "there is no list \"bsae\" (base)"));
}

TEST(ParseScenarioTest, TheSamePolicyKeepsItsSignature) {
  EXPECT_THAT(ParseStep("[[step]]\nreload = \"\"\nsigned_by = \"us\"\n"),
              FailsSaying(EINVAL, "10:1: \"signed_by\" is for other rules"));
}

TEST(ParseScenarioTest, WhatIsBetweenPercentSignsStandsForSomething) {
  const auto revoke = [](const std::string& text) {
    return ParseStep("[[step]]\nrevoke = \"" + text + "\"\n");
  };
  EXPECT_TRUE(revoke("key %KEY us%"));
  EXPECT_TRUE(revoke("digest %/a% # %/a% %FSMAGIC% %FSNAME% %FSUUID%"));
  EXPECT_THAT(revoke("digest %/b%"), FailsSaying(EINVAL, "stands for nothing"));
  EXPECT_THAT(revoke("digest %/l%"), FailsSaying(EINVAL, "stands for nothing"));
  EXPECT_THAT(revoke("key %KEY ../us%"), FailsSaying(EINVAL, "nothing"));
  EXPECT_THAT(revoke("digest %/a%%"), FailsSaying(EINVAL, "without another"));
  EXPECT_THAT(Parse("title = \"t\"\npolicy = \"# 5 %\"\n"),
              FailsSaying(EINVAL, "2:10: there is one \"%\""));
  EXPECT_THAT(ParseStep("[[step]]\nreload = \"audit # %x%\"\n"),
              FailsSaying(EINVAL, "stands for nothing"));
}

TEST(ParseScenarioTest, AScenarioRunsInSomeWay) {
  EXPECT_THAT(ParseSettings("only_alone = \"a\"\nonly_mounted = \"b\""),
              FailsSaying(EINVAL, "4:1: "));
}

TEST(ParseScenarioTest, ATitleIsOneLine) {
  const std::string rest = "policy = \"files\"\n" + std::string(kStep);
  EXPECT_THAT(Parse("title = \"\"\n" + rest), FailsSaying(EINVAL, "one line"));
  EXPECT_THAT(Parse("title = \"a\\nb\"\n" + rest),
              FailsSaying(EINVAL, "one line"));
}

TEST(ParseScenarioTest, OnlyWhatTheScenarioHasIsIncluded) {
  EXPECT_THAT(ParseSettings("[include]\nmore = \"include tcb\\n\""),
              ::testing::Not(FailsWith(EINVAL)));
  EXPECT_THAT(ParseSettings("[include]\nmore = \"include /etc/shadow\\n\""),
              FailsSaying(EINVAL, "4:8: there is no \"/etc/shadow\""));
  EXPECT_THAT(ParseSettings("[include]\nmore = \"audit\\n include ../x # y\""),
              FailsSaying(EINVAL, "there is no \"../x\" to include"));
  EXPECT_THAT(ParseStep("[[step]]\nreload = \"include /etc/shadow\""),
              FailsSaying(EINVAL, "there is no \"/etc/shadow\""));
  EXPECT_THAT(
      Parse("title = \"t\"\npolicy = \"include more\"\n" + std::string(kStep)),
      FailsSaying(EINVAL, "2:10: there is no \"more\""));
  EXPECT_THAT(ParseSettings("[include]\ntcb = \"\""),
              FailsSaying(EINVAL, "4:1: a built-in policy has this name"));
}

TEST(ParseScenarioTest, WhatMustSaySomethingIsNotEmpty) {
  EXPECT_THAT(ParseSettings("only_alone = \"\""),
              FailsSaying(EINVAL, "3:14: \"only_alone\" must not be empty"));
  EXPECT_THAT(ParseSettings("only_mounted = \"\""),
              FailsSaying(EINVAL, "\"only_mounted\" must not be empty"));
  EXPECT_THAT(ParseStep("[[step]]\nreload = \"\"\nerror = \"\"\n"),
              FailsSaying(EINVAL, "\"error\" must not be empty"));
}

TEST(ParseScenarioTest, WhatIsDoneToFilesMayFail) {
  for (const char* step :
       {"open = \"/a\"", "write = \"/a\"\ncontent = \"\"",
        "change = \"/a\"\ncontent = \"\"", "rename = \"/a\"\nto = \"/b\"",
        "remove = \"/a\"", "chown = \"/a\"\nowner = 5"}) {
    EXPECT_THAT(OnlyStep(std::string(step) + "\nerror = \"no\"\n").expect.error,
                Optional(std::string("no")));
  }
}

TEST(ParseScenarioTest, AProgramOnlyReads) {
  EXPECT_THAT(
      ParseStep("[[step]]\nopen = \"/a\"\nexe = \"/x\"\nfor = \"write\"\n"),
      FailsSaying(EINVAL, "10:1: with \"exe\", a file can only be opened"));
}

TEST(ParseScenarioTest, SettingsBehindATableAreNamed) {
  for (const char* table : {"[lists]", "[lists.x]", "[tree]", "[include]"}) {
    const std::string before = std::string(table) == "[tree]" ? "" : kBegin;
    const std::string head =
        before.empty() ? "title = \"t\"\npolicy = \"files\"\n" : before;
    EXPECT_THAT(Parse(head + table + "\nmode = \"log\"\n" + kStep),
                FailsSaying(EINVAL,
                            "\"mode\" is a setting, and settings stand "
                            "before the first table"))
        << table;
  }
  EXPECT_THAT(ParseStep("[[step]]\nopen = \"/a\"\npcr = 3\n"),
              FailsSaying(EINVAL, "10:1: \"pcr\" is a setting"));
}

TEST(ParseScenarioTest, AKeyThatNoStepHasIsNamed) {
  EXPECT_THAT(ParseStep("[[step]]\nopne = \"/a\"\nuid = 5\n"),
              FailsSaying(EINVAL,
                          "\"opne\" is not known in a step; it must "
                          "have one of: open, "));
}

TEST(ParseScenarioTest, RulesMayComeFromAFile) {
  const auto parse = [](const std::string& settings) {
    return Parse("title = \"t\"\n" + settings + "\n" + kStep);
  };
  EXPECT_EQ(Must(parse("policy_file = \"sub/web.policy\"")).policy_file,
            "sub/web.policy");
  for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "./a"}) {
    EXPECT_THAT(parse("policy_file = \"" + std::string(path) + "\""),
                FailsSaying(EINVAL, "not lead out of it"));
  }
  EXPECT_THAT(parse("policy = \"files\"\npolicy_file = \"a\""),
              FailsSaying(EINVAL, "3:1: there is a \"policy\" already"));
  EXPECT_THAT(parse(""), FailsSaying(EINVAL, "\"policy\" is missing"));
}

TEST(ParseScenarioTest, ThePlacesOfRulesAreKept) {
  const auto scenario = Must(
      Parse("title = \"t\"\npolicy = \"\"\"\ninclude a\ninclude b\n\"\"\"\n"
            "[include]\na = \"audit\\n\"\nb = '''audit\n'''\n" +
            std::string(kStep)));
  EXPECT_EQ(scenario.rules.at("policy").file, "name.toml");
  EXPECT_EQ(scenario.rules.at("policy").line, 3U);
  EXPECT_TRUE(scenario.rules.at("policy").spread);
  EXPECT_EQ(scenario.rules.at("a").line, 7U);
  EXPECT_FALSE(scenario.rules.at("a").spread);
  EXPECT_EQ(scenario.rules.at("b").line, 8U);
  EXPECT_TRUE(scenario.rules.at("b").spread);
}

}  // namespace
}  // namespace assayfs
