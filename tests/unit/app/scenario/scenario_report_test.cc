// SPDX-License-Identifier: Apache-2.0
#include "app/scenario/scenario_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assayfs {
namespace {

using ::testing::HasSubstr;

std::string OutcomesText(const std::vector<ScenarioOutcome>& outcomes) {
  std::string text;
  for (const auto& outcome : outcomes) text += OutcomeText(outcome);
  return text + CountsText(outcomes);
}

std::string OutcomesTap(const std::vector<ScenarioOutcome>& outcomes) {
  std::string text = TapHead(outcomes.size());
  std::size_t number = 0;
  for (const auto& outcome : outcomes) text += OutcomeTap(outcome, ++number);
  return text;
}

ScenarioOutcome Passed() {
  return {.name = "plain",
          .title = "what is known is allowed",
          .file = "plain.toml",
          .steps = 1,
          .seconds = 0.25};
}

ScenarioOutcome Skipped() {
  return {.name = "tpm", .skipped = "no TPM # here"};
}

ScenarioOutcome Broken() {
  return {.name = "typo", .file = "typo.toml", .error = "typo.toml:1:1: <bad>"};
}

Difference OfVerdict() {
  return {.line = 31,
          .step = "open /a for read by uid 0",
          .what = "verdict",
          .expected = "allow",
          .got = "deny",
          .got_from = "mounted"};
}

ScenarioOutcome Failed() {
  return {.name = "path-glob",
          .title = "path= picks files by their place",
          .file = "path-glob.toml",
          .steps = 12,
          .seconds = 0.125,
          .differences = {OfVerdict()}};
}

TEST(ScenarioReportTest, TextNamesEachScenarioAndCounts) {
  EXPECT_EQ(
      OutcomesText({Passed(), Failed(), Skipped(), Broken()}),
      "ok   plain: what is known is allowed (1 step)\n"
      "FAIL path-glob: path= picks files by their place\n"
      "     path-glob.toml:31: open /a for read by uid 0\n"
      "         verdict   expected allow, mounted says deny\n"
      "skip tpm: no TPM # here\n"
      "ERROR typo\n"
      "     typo.toml:1:1: <bad>\n"
      "4 scenarios, 1 passed, 1 failed, 1 could not be run, 1 skipped, 13 "
      "steps in 0.4 s\n");
}

TEST(ScenarioReportTest, ACountOfOneIsSingular) {
  EXPECT_THAT(
      OutcomesText({Passed()}),
      HasSubstr("1 scenario, 1 passed, 0 failed, 0 skipped, 1 step in"));
}

TEST(ScenarioReportTest, AStepIsNamedOnceForAllItsDifferences) {
  ScenarioOutcome outcome = Failed();
  Difference later = OfVerdict();
  later.line = 40;
  Difference reason = OfVerdict();
  reason.what = "reason";
  reason.expected = "";
  reason.expected_from = "alone";
  reason.got = "known";
  outcome.differences = {OfVerdict(), later, reason};
  EXPECT_THAT(OutcomesText({outcome}),
              HasSubstr("     path-glob.toml:31: open /a for read by uid 0\n"
                        "         verdict   expected allow, mounted says deny\n"
                        "         reason    alone says nothing, mounted says "
                        "known\n"
                        "     path-glob.toml:40: "));
}

TEST(ScenarioReportTest, LinesOnlyOneSideHasAreMarked) {
  ScenarioOutcome outcome = Failed();
  outcome.differences[0].what = "records";
  outcome.differences[0].expected = "one\ntwo\nthree\nend";
  outcome.differences[0].got = "one\n2\nend";
  EXPECT_THAT(OutcomesText({outcome}),
              HasSubstr("         records   - expected, + mounted\n"
                        "                     one\n"
                        "                   - two\n"
                        "                   - three\n"
                        "                   + 2\n"
                        "                     end\n"));
}

TEST(ScenarioReportTest, LinesThatRepeatAreNotTakenTwice) {
  ScenarioOutcome outcome = Failed();
  outcome.differences[0].what = "measured";
  outcome.differences[0].expected = "a\na";
  outcome.differences[0].got = "a\na\na";
  EXPECT_THAT(OutcomesText({outcome}),
              HasSubstr("                     a\n"
                        "                     a\n"
                        "                   + a\n1 scenario"));
  outcome.differences[0].expected = "";
  outcome.differences[0].got = "a";
  EXPECT_THAT(OutcomesText({outcome}),
              HasSubstr("+ mounted\n                   + a\n1 scenario"));
}

TEST(ScenarioReportTest, ControlCharactersDoNotReachATerminal) {
  ScenarioOutcome outcome = Broken();
  outcome.error = "a\x1b[31m\nb\x7f\xc3\xa4\\";
  EXPECT_THAT(OutcomesText({outcome}),
              HasSubstr("     a\\x1b[31m\\x0ab\\x7f\\xc3\\xa4\\\n"));
}

TEST(ScenarioReportTest, TapHasDiagnostics) {
  EXPECT_EQ(OutcomesTap({Passed(), Failed(), Skipped(), Broken()}),
            "TAP version 14\n"
            "1..4\n"
            "ok 1 - plain: what is known is allowed\n"
            "not ok 2 - path-glob: path= picks files by their place\n"
            "  ---\n"
            "  file: \"path-glob.toml\"\n"
            "  differences:\n"
            "    - line: 31\n"
            "      step: \"open /a for read by uid 0\"\n"
            "      what: \"verdict\"\n"
            "      expected: \"allow\"\n"
            "      got: \"deny\"\n"
            "      expected_from: \"expected\"\n"
            "      got_from: \"mounted\"\n"
            "  ...\n"
            "ok 3 - tpm # SKIP no TPM \\# here\n"
            "not ok 4 - typo\n"
            "  ---\n"
            "  file: \"typo.toml\"\n"
            "  message: \"typo.toml:1:1: <bad>\"\n"
            "  ...\n");
}

TEST(ScenarioReportTest, TapEscapesWhatWouldMeanSomething) {
  ScenarioOutcome outcome = Failed();
  outcome.title = "a # TODO \\ b";
  outcome.differences[0].got = "a \"b\" \\\nc\x01";
  const std::string text = OutcomesTap({outcome});
  EXPECT_THAT(text, HasSubstr("path-glob: a \\# TODO \\\\ b\n"));
  EXPECT_THAT(text, HasSubstr("got: \"a \\\"b\\\" \\\\\\nc\\\\x01\"\n"));
}

TEST(ScenarioReportTest, JunitHasATestCaseForEach) {
  const std::string counts =
      " tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"0.375\"";
  EXPECT_EQ(
      OutcomesJunit({Passed(), Failed(), Skipped(), Broken()}),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites" +
          counts +
          ">\n"
          "  <testsuite name=\"assayfs policy test\"" +
          counts +
          ">\n"
          "    <testcase classname=\"plain\" name=\"what is known is allowed\""
          " file=\"plain.toml\" time=\"0.250\"/>\n"
          "    <testcase classname=\"path-glob\""
          " name=\"path= picks files by their place\" file=\"path-glob.toml\""
          " time=\"0.125\">\n"
          "      <failure message=\"1 difference\">\n"
          "     path-glob.toml:31: open /a for read by uid 0\n"
          "         verdict   expected allow, mounted says deny\n"
          "      </failure>\n"
          "    </testcase>\n"
          "    <testcase classname=\"tpm\" name=\"tpm\" file=\"\" "
          "time=\"0.000\">\n"
          "      <skipped message=\"no TPM # here\"/>\n"
          "    </testcase>\n"
          "    <testcase classname=\"typo\" name=\"typo\" file=\"typo.toml\""
          " time=\"0.000\">\n"
          "      <error message=\"typo.toml:1:1: &lt;bad&gt;\">\n"
          "     typo.toml:1:1: &lt;bad&gt;\n"
          "      </error>\n"
          "    </testcase>\n"
          "  </testsuite>\n"
          "</testsuites>\n");
}

TEST(ScenarioReportTest, WhatOneWayGaveIsToldWhereTheOtherCouldNotBeRun) {
  ScenarioOutcome outcome = Failed();
  outcome.error = "mounted: no TPM";
  EXPECT_THAT(OutcomeText(outcome),
              ::testing::AllOf(HasSubstr("ERROR path-glob: "),
                               HasSubstr("     mounted: no TPM\n"),
                               HasSubstr("expected allow, mounted says deny")));
  const std::string junit = OutcomesJunit({outcome});
  EXPECT_THAT(junit, HasSubstr("<error message=\"mounted: no TPM\">"));
  EXPECT_THAT(junit, HasSubstr("expected allow, mounted says deny"));
}

TEST(ScenarioReportTest, JunitEscapesAll) {
  ScenarioOutcome outcome = Broken();
  outcome.title = "<a> & \"b\"\x01\xff";
  outcome.error = "1\n2";
  const std::string text = OutcomesJunit({outcome});
  EXPECT_THAT(text,
              HasSubstr("name=\"&lt;a&gt; &amp; &quot;b&quot;\\x01\\xff\""));
  EXPECT_THAT(text, HasSubstr("message=\"1\\x0a2\""));
}

TEST(ScenarioReportTest, WithoutScenariosThereIsNothingToTell) {
  EXPECT_EQ(OutcomesText({}),
            "0 scenarios, 0 passed, 0 failed, 0 skipped, 0 steps in 0.0 s\n");
  EXPECT_EQ(OutcomesTap({}), "TAP version 14\n1..0\n");
}

}  // namespace
}  // namespace assayfs
