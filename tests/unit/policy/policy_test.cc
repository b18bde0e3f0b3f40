// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using Purpose = Use::Purpose;

Policy Parsed(std::string text) {
  return Must(ParsePolicy("p", std::move(text)));
}

// Returns the lines of the rules that apply; 0 where none does.
std::pair<unsigned, unsigned> Lines(const Policy& policy, const Use& use) {
  const Demand demand = Match(policy, use);
  return {demand.appraise == nullptr ? 0 : demand.appraise->line,
          demand.measure == nullptr ? 0 : demand.measure->line};
}
std::pair<unsigned, unsigned> Lines(unsigned appraise, unsigned measure) {
  return {appraise, measure};
}

TEST(ParsePolicyTest, ReadsActionsAndConditions) {
  const auto policy = Parsed(
      "appraise func=FILE_CHECK uid=1000\n"
      "dont_appraise func=BPRM_CHECK\n"
      "measure func=MMAP_CHECK\n"
      "dont_measure\n");
  ASSERT_EQ(policy.rules.size(), 4U);
  EXPECT_EQ(policy.rules[0].action, Action::kAppraise);
  EXPECT_EQ(policy.rules[0].func, Func::kFileCheck);
  EXPECT_EQ(policy.rules[0].uid, 1000U);
  EXPECT_EQ(policy.rules[0].line, 1U);
  EXPECT_EQ(policy.rules[0].text, "appraise func=FILE_CHECK uid=1000");
  EXPECT_EQ(policy.rules[1].action, Action::kDontAppraise);
  EXPECT_EQ(policy.rules[1].func, Func::kBprmCheck);
  EXPECT_EQ(policy.rules[1].uid, std::nullopt);
  EXPECT_EQ(policy.rules[2].action, Action::kMeasure);
  EXPECT_EQ(policy.rules[2].func, Func::kMmapCheck);
  EXPECT_EQ(policy.rules[3].action, Action::kDontMeasure);
  EXPECT_EQ(policy.rules[3].func, std::nullopt);
}

TEST(ParsePolicyTest, ReadsWhatContentIsBoundTo) {
  const auto policy =
      Parsed("appraise bind=path\nappraise\nappraise bind=mode,caps,link\n");
  EXPECT_EQ(policy.rules[0].bind, Binding{.path = true});
  EXPECT_EQ(policy.rules[1].bind, Binding{});
  EXPECT_EQ(policy.rules[2].bind,
            (Binding{.mode = true, .caps = true, .link = true}));
  EXPECT_EQ(BindingOf(policy),
            (Binding{.path = true, .mode = true, .caps = true, .link = true}));
  EXPECT_THAT(ParsePolicy("p", "measure bind=path\n"),
              FailsSaying(EINVAL, "p:1: bind= is for appraise only"));
  EXPECT_THAT(ParsePolicy("p", "appraise bind=name\n"),
              FailsSaying(EINVAL,
                          "p:1: bind=: \"name\" is none of path, mode, owner, "
                          "caps, link"));
}

TEST(BindsLinksTest, RulesForReadingDo) {
  EXPECT_TRUE(BindsLinks(Parsed("appraise bind=link\n")));
  EXPECT_TRUE(BindsLinks(Parsed("appraise func=FILE_CHECK bind=link\n")));
  EXPECT_FALSE(BindsLinks(Parsed("appraise func=BPRM_CHECK bind=link\n")));
  EXPECT_FALSE(BindsLinks(Parsed("appraise func=MMAP_CHECK bind=link\n")));
  EXPECT_FALSE(BindsLinks(Parsed("appraise bind=path,mode\n")));
}

TEST(ParsePolicyTest, ReadsWhichDigestsCount) {
  const auto policy = Parsed(
      "appraise digest_type=verity\nmeasure digest_type=verity\n"
      "appraise\n");
  EXPECT_TRUE(policy.rules[0].verity_only);
  EXPECT_TRUE(policy.rules[1].verity_only);
  EXPECT_FALSE(policy.rules[2].verity_only);
  for (const std::string action : {"dont_appraise", "dont_measure"}) {
    EXPECT_THAT(
        ParsePolicy("p", action + " digest_type=verity\n"),
        FailsSaying(EINVAL,
                    "p:1: digest_type= is for appraise and measure only"));
  }
  EXPECT_THAT(ParsePolicy("p", "appraise digest_type=ima\n"),
              FailsSaying(EINVAL, "p:1: digest_type=ima is not known"));
}

TEST(ParseBindingTest, ReadsWordsWithCommasBetweenThem) {
  EXPECT_EQ(Must(ParseBinding("path")), Binding{.path = true});
  EXPECT_EQ(Must(ParseBinding("owner,mode,owner")),
            (Binding{.mode = true, .owner = true}));
}

TEST(ParseBindingTest, RefusesOtherWords) {
  for (const char* text : {"", "path,", ",path", "mode, caps", "Path"}) {
    EXPECT_THAT(ParseBinding(text), FailsSaying(EINVAL, "is none of path"))
        << text;
  }
}

TEST(BindTest, BindsEveryRuleThatAppraises) {
  const auto policy = Bind(
      Parsed("appraise uid=1\nmeasure\ndont_appraise\nappraise bind=mode\n"),
      {.path = true});
  EXPECT_EQ(policy.rules[0].bind, Binding{.path = true});
  EXPECT_FALSE(policy.rules[1].bind.any());
  EXPECT_FALSE(policy.rules[2].bind.any());
  EXPECT_EQ(policy.rules[3].bind, (Binding{.path = true, .mode = true}));
  EXPECT_FALSE(BindingOf(Parsed("appraise\n")).any());
}

TEST(ParsePolicyTest, SkipsCommentsAndBlankLinesButCountsThem) {
  const auto policy = Parsed(
      "# everything\n\n  \t\r\n\tappraise\tuid=0 # but why\r\n#appraise");
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_EQ(policy.rules[0].line, 4U);
  EXPECT_EQ(policy.rules[0].uid, 0U);
  EXPECT_EQ(policy.rules[0].text, "\tappraise\tuid=0 # but why\r");
}

TEST(ParsePolicyTest, KeepsTheTextAsGiven) {
  const std::string text = "# c\nappraise\n";
  EXPECT_EQ(Parsed(text).text, text);
  EXPECT_EQ(Parsed(text).name, "p");
}

TEST(ParsePolicyTest, EmptyTextHasNoRules) {
  EXPECT_TRUE(Parsed("").rules.empty());
  EXPECT_TRUE(Parsed("\n").rules.empty());
}

TEST(ParsePolicyTest, LastLineNeedsNoNewline) {
  EXPECT_EQ(Parsed("measure\nappraise").rules.size(), 2U);
}

TEST(ParsePolicyTest, NamesTheLineThatIsWrong) {
  EXPECT_THAT(ParsePolicy("p", "appraise\n\nAppraise\n"),
              FailsSaying(EINVAL, "p:3: action \"Appraise\" is not known"));
}

TEST(ParsePolicyTest, RefusesWhatItDoesNotKnow) {
  for (const auto& [text, wrong] : {
           std::pair("audit", "action \"audit\""),
           std::pair("appraise FILE_CHECK", "is not a condition"),
           std::pair("appraise func=MODULE_CHECK", "func=MODULE_CHECK"),
           std::pair("appraise func=", "func= is not known"),
           std::pair("appraise func=file_check", "func=file_check"),
           std::pair("appraise fowner=0", "condition fowner="),
           std::pair("appraise =0", "condition = is"),
           std::pair("appraise uid=", "uid= is not a number"),
           std::pair("appraise uid=root", "uid=root"),
           std::pair("appraise uid=-1", "uid=-1"),
           std::pair("appraise uid=+1", "uid=+1"),
           std::pair("appraise uid=1x", "uid=1x"),
           std::pair("appraise uid=0x10", "uid=0x10"),
           std::pair("appraise uid=4294967296", "uid=4294967296"),
           std::pair("appraise uid<1", "is not a condition"),
           std::pair("appraise uid=1 x uid=2", "\"x\" is not a condition"),
       }) {
    EXPECT_THAT(ParsePolicy("p", text), FailsSaying(EINVAL, wrong)) << text;
  }
}

TEST(ParsePolicyTest, TakesTheLargestUid) {
  EXPECT_EQ(Parsed("appraise uid=4294967295").rules[0].uid, 4294967295U);
}

TEST(MatchTest, FirstRuleOfEachKindWins) {
  const auto policy = Parsed(
      "dont_appraise uid=5\n"
      "measure uid=5\n"
      "appraise\n"
      "dont_measure\n"
      "measure\n");
  EXPECT_EQ(Lines(policy, {.uid = 5}), Lines(0, 2));
  EXPECT_EQ(Lines(policy, {.uid = 6}), Lines(3, 0));
}

TEST(MatchTest, DontRuleAfterTheMatchChangesNothing) {
  EXPECT_EQ(Lines(Parsed("appraise\ndont_appraise\n"), {}), Lines(1, 0));
}

TEST(MatchTest, NoRuleMeansNoDemand) {
  EXPECT_EQ(Lines(Parsed(""), {}), Lines(0, 0));
  EXPECT_EQ(Lines(Parsed("appraise uid=1\n"), {.uid = 2}), Lines(0, 0));
}

TEST(MatchTest, HooksFollowPurposeAndElf) {
  const auto file = Parsed("appraise func=FILE_CHECK\n");
  const auto program = Parsed("appraise func=BPRM_CHECK\n");
  const auto library = Parsed("appraise func=MMAP_CHECK\n");
  const auto any = Parsed("appraise\n");
  struct Row {
    Use use;
    unsigned file, program, library;
  };
  for (const Row& row : {
           Row{{.purpose = Purpose::kRead, .elf = false}, 1, 0, 0},
           Row{{.purpose = Purpose::kRead, .elf = true}, 1, 0, 1},
           Row{{.purpose = Purpose::kExec, .elf = false}, 0, 1, 0},
           Row{{.purpose = Purpose::kExec, .elf = true}, 0, 1, 0},
       }) {
    EXPECT_EQ(Lines(file, row.use), Lines(row.file, 0));
    EXPECT_EQ(Lines(program, row.use), Lines(row.program, 0));
    EXPECT_EQ(Lines(library, row.use), Lines(row.library, 0));
    EXPECT_EQ(Lines(any, row.use), Lines(1, 0));
  }
}

TEST(MatchTest, EveryConditionMustHold) {
  const auto policy = Parsed("appraise func=BPRM_CHECK uid=7\n");
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kExec, .uid = 7}), Lines(1, 0));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kExec, .uid = 8}), Lines(0, 0));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kRead, .uid = 7}), Lines(0, 0));
}

TEST(BuiltInPolicyTest, FilesAppraisesEveryUse) {
  const auto policy = Must(BuiltInPolicy("files"));
  EXPECT_EQ(policy.name, "files");
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kRead}), Lines(1, 0));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kExec}), Lines(2, 0));
}

TEST(BuiltInPolicyTest, ExecAppraisesProgramsAndElfFiles) {
  const auto policy = Must(BuiltInPolicy("exec"));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kExec}), Lines(1, 0));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kRead, .elf = true}),
            Lines(2, 0));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kRead}), Lines(0, 0));
}

TEST(BuiltInPolicyTest, MeasureMeasuresEveryUseAndAppraisesNone) {
  const auto policy = Must(BuiltInPolicy("measure"));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kRead}), Lines(0, 1));
  EXPECT_EQ(Lines(policy, {.purpose = Purpose::kExec}), Lines(0, 2));
}

TEST(BuiltInPolicyTest, RefusesAnotherName) {
  EXPECT_THAT(BuiltInPolicy("Files"), FailsWith(ENOENT));
  EXPECT_THAT(BuiltInPolicy(""), FailsWith(ENOENT));
}

TEST(DependsOnOpenTest, AnswersThatAreTheSameForEveryOpenDoNot) {
  EXPECT_FALSE(DependsOnOpen(Parsed("")));
  EXPECT_FALSE(DependsOnOpen(Parsed("appraise\nmeasure\n")));
  EXPECT_FALSE(DependsOnOpen(Must(BuiltInPolicy("files"))));
  EXPECT_FALSE(DependsOnOpen(Must(BuiltInPolicy("measure"))));
}

TEST(DependsOnOpenTest, ThosePerUserOrPurposeDo) {
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise uid=0\n")));
  EXPECT_TRUE(DependsOnOpen(Parsed("appraise func=BPRM_CHECK\n")));
  EXPECT_TRUE(DependsOnOpen(Parsed("measure func=FILE_CHECK\n")));
  EXPECT_TRUE(
      DependsOnOpen(Parsed("dont_appraise func=MMAP_CHECK\nappraise\n")));
  EXPECT_TRUE(DependsOnOpen(Must(BuiltInPolicy("exec"))));
}

TEST(DependsOnOpenTest, ThoseThatAskMoreOfOnePurposeDo) {
  for (const std::string more :
       {"digest_type=verity", "bind=path", "bind=caps"}) {
    EXPECT_TRUE(DependsOnOpen(
        Parsed("appraise func=BPRM_CHECK " + more + "\nappraise\n")));
    EXPECT_FALSE(DependsOnOpen(Parsed("appraise " + more + "\n")));
  }
  EXPECT_TRUE(DependsOnOpen(
      Parsed("measure func=BPRM_CHECK digest_type=verity\nmeasure\n")));
}

TEST(NeedsElfTest, OnlyMmapRulesDo) {
  EXPECT_FALSE(NeedsElf(Parsed("")));
  EXPECT_FALSE(NeedsElf(Parsed("appraise\nmeasure func=BPRM_CHECK\n")));
  EXPECT_TRUE(NeedsElf(Parsed("appraise\ndont_measure func=MMAP_CHECK\n")));
  EXPECT_TRUE(NeedsElf(Must(BuiltInPolicy("exec"))));
  EXPECT_FALSE(NeedsElf(Must(BuiltInPolicy("files"))));
}

}  // namespace
}  // namespace assayfs
