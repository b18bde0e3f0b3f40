// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/compare_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Step OpenStep() {
  Step step;
  step.path = "/a";
  step.line = 31;
  return step;
}

// What differs, as "WHAT: EXPECTED, GOT".
std::vector<std::string> Words(const std::vector<Difference>& differences) {
  std::vector<std::string> words;
  for (const Difference& difference : differences) {
    words.push_back(difference.what + ": " + difference.expected + ", " +
                    difference.got);
  }
  return words;
}

std::vector<Difference> CompareOne(const Step& step, const StepResult& got) {
  Scenario scenario;
  scenario.steps = {step};
  return CompareWithExpected(scenario, {got}, "alone");
}

StepResult Everything() {
  StepResult result;
  result.verdict = "deny";
  result.reason = "unknown-content";
  result.line = 3;
  result.records = {"one", "two"};
  result.measured = {"12 list base"};
  return result;
}

StepResult WithError(const std::string& error) {
  StepResult result;
  result.error = error;
  return result;
}

TEST(CompareResultsTest, WhatIsNotSetIsNotCompared) {
  EXPECT_THAT(CompareOne(OpenStep(), Everything()), IsEmpty());
}

TEST(CompareResultsTest, WhatIsAsExpectedDoesNotDiffer) {
  Step step = OpenStep();
  step.expect.verdict = "deny";
  step.expect.reason = "unknown-content";
  step.expect.line = 3;
  step.expect.records = {{"one", "two"}};
  step.expect.measured = {{"12 list base"}};
  EXPECT_THAT(CompareOne(step, Everything()), IsEmpty());
}

TEST(CompareResultsTest, EachMemberIsCompared) {
  Step step = OpenStep();
  step.expect.verdict = "allow";
  step.expect.reason = "known";
  step.expect.line = 0;
  step.expect.records.emplace();
  step.expect.measured = {{"a", "b"}};
  const auto differences = CompareOne(step, Everything());
  EXPECT_THAT(
      Words(differences),
      ElementsAre("verdict: allow, deny", "reason: known, unknown-content",
                  "line: 0, 3", "records: , one\ntwo",
                  "measured: a\nb, 12 list base"));
  EXPECT_EQ(differences[0].line, 31u);
  EXPECT_EQ(differences[0].step, "open /a for read by uid 0");
  EXPECT_EQ(differences[0].expected_from, "expected");
  EXPECT_EQ(differences[0].got_from, "alone");
}

TEST(CompareResultsTest, OfAnErrorAPartIsEnough) {
  Step step = OpenStep();
  step.action = Step::Action::kReload;
  step.expect.error = "not signed";
  EXPECT_THAT(CompareOne(step, WithError("policy: not signed by anyone")),
              IsEmpty());
  EXPECT_THAT(Words(CompareOne(step, WithError("no such key"))),
              ElementsAre("error: not signed, no such key"));
  EXPECT_THAT(Words(CompareOne(step, {})), ElementsAre("error: not signed, "));
}

TEST(CompareResultsTest, AnErrorNobodyExpectedDiffers) {
  Step step = OpenStep();
  step.action = Step::Action::kReload;
  EXPECT_THAT(Words(CompareOne(step, WithError("bad"))),
              ElementsAre("error: , bad"));
}

TEST(CompareResultsTest, WaysAreComparedInAllTheyGive) {
  Scenario scenario;
  scenario.steps = {OpenStep()};
  StepResult other = Everything();
  EXPECT_THAT(CompareWays(scenario, {Everything()}, {other}), IsEmpty());
  other.verdict = "allow";
  other.records = {};
  other.error = "bad";
  const auto differences = CompareWays(scenario, {Everything()}, {other});
  EXPECT_THAT(Words(differences),
              ElementsAre("verdict: deny, allow", "records: one\ntwo, ",
                          "error: , bad"));
  EXPECT_EQ(differences[0].expected_from, "alone");
  EXPECT_EQ(differences[0].got_from, "mounted");
}

TEST(CompareResultsTest, ErrorsOfReloadsMayHaveOtherWords) {
  Scenario scenario;
  scenario.steps = {OpenStep()};
  EXPECT_THAT(Words(CompareWays(scenario, {WithError("a")}, {WithError("b")})),
              ElementsAre("error: a, b"));
  scenario.steps[0].action = Step::Action::kReload;
  EXPECT_THAT(CompareWays(scenario, {WithError("a")}, {WithError("b")}),
              IsEmpty());
}

TEST(StepTextTest, AnOpenNamesItsAsker) {
  Step step = OpenStep();
  step.mask = kMayExec;
  step.uid = 5;
  step.gid = 6;
  step.euid = 0;
  step.egid = 7;
  step.exe = "/srv/tool";
  step.container = "abc";
  EXPECT_EQ(StepText(step),
            "open /a for exec by uid 5 gid 6 euid 0 egid 7 with /srv/tool in "
            "container abc");
}

TEST(StepTextTest, AnOpenNamesItsPurpose) {
  const auto text_for = [](Mask mask) {
    Step step = OpenStep();
    step.mask = mask;
    return StepText(step);
  };
  EXPECT_EQ(text_for(kMayRead), "open /a for read by uid 0");
  EXPECT_EQ(text_for(kMayWrite), "open /a for write by uid 0");
  EXPECT_EQ(text_for(kMayWrite | kMayAppend), "open /a for append by uid 0");
  EXPECT_EQ(text_for(kMayRead | kMayWrite), "open /a for read-write by uid 0");
}

TEST(StepTextTest, EveryActionHasWords) {
  using enum Step::Action;
  const auto text_of = [](Step::Action action) {
    Step step = OpenStep();
    step.action = action;
    step.to = "/b";
    step.list = "base";
    step.text = "package\nx";
    step.owner = 5;
    step.signed_by = "us";
    return StepText(step);
  };
  EXPECT_EQ(text_of(kWrite), "write /a");
  EXPECT_EQ(text_of(kChange), "change /a below the mount");
  EXPECT_EQ(text_of(kRename), "rename /a to /b");
  EXPECT_EQ(text_of(kRemove), "remove /a");
  EXPECT_EQ(text_of(kSetOwner), "give /a to uid 5 below the mount");
  EXPECT_EQ(text_of(kAddList), "add list base");
  EXPECT_EQ(text_of(kReplaceList), "replace list base with /b");
  EXPECT_EQ(text_of(kRemoveList), "remove list base");
  EXPECT_EQ(text_of(kRevoke), "revoke package\\x0ax");
  EXPECT_EQ(text_of(kReload), "reload another policy signed by us");
  Step same = OpenStep();
  same.action = kReload;
  EXPECT_EQ(StepText(same), "reload the same policy");
}

}  // namespace
}  // namespace assayfs
