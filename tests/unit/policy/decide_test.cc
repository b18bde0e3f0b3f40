// SPDX-License-Identifier: Apache-2.0
#include "policy/decide.h"

#include <gtest/gtest.h>

#include <ostream>
#include <tuple>

namespace assayfs {

// For the messages of tests that fail.
static std::ostream& operator<<(std::ostream& out, const Decision& decision) {
  return out << VerdictName(decision.verdict) << " "
             << ReasonName(decision.reason)
             << (decision.measure_file ? " measure" : "");
}

namespace {

// A file that a verified and measured list knows.
constexpr Evidence kGood = {
    .known = true, .list_verified = true, .list_measured = true};

class DecideTest : public ::testing::Test {
 protected:
  Decision Appraised(const Evidence& evidence) const {
    return Decide({.appraise = &appraise_}, evidence);
  }
  Decision Measured(const Evidence& evidence) const {
    return Decide({.measure = &measure_}, evidence);
  }
  static void Expect(const Decision& decision, Verdict verdict, Reason reason,
                     const Rule* rule, bool measure_file) {
    EXPECT_EQ(std::tuple(decision.verdict, decision.reason, decision.rule,
                         decision.measure_file),
              std::tuple(verdict, reason, rule, measure_file))
        << decision;
  }

  const Rule appraise_{};
  const Rule measure_{};
};

TEST_F(DecideTest, KnownAndVerifiedIsAllowed) {
  Expect(Appraised(kGood), Verdict::kAllow, Reason::kKnown, &appraise_, false);
}

TEST_F(DecideTest, UnknownContentIsDenied) {
  Expect(Appraised({}), Verdict::kDeny, Reason::kUnknownContent, &appraise_,
         false);
}

TEST_F(DecideTest, ListedPathWithOtherContentIsModified) {
  Expect(Appraised({.path_listed = true}), Verdict::kDeny, Reason::kModified,
         &appraise_, false);
}

TEST_F(DecideTest, KnownContentIsAllowedWhateverPathItHas) {
  Evidence evidence = kGood;
  evidence.path_listed = true;
  Expect(Appraised(evidence), Verdict::kAllow, Reason::kKnown, &appraise_,
         false);
}

TEST_F(DecideTest, KnownOnlyToAnUnverifiedListIsDenied) {
  Evidence evidence = kGood;
  evidence.list_verified = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kListUnverified,
         &appraise_, false);
}

TEST_F(DecideTest, WhatWasWithdrawnIsDeniedForThatReason) {
  for (const Reason reason : {Reason::kRevoked, Reason::kRolledBack}) {
    Evidence evidence;
    evidence.withdrawn = reason;
    Expect(Appraised(evidence), Verdict::kDeny, reason, &appraise_, false);
  }
}

TEST_F(DecideTest, KnownContentInAnotherPlaceIsDenied) {
  Evidence evidence = kGood;
  evidence.in_place = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kPathMismatch, &appraise_,
         false);
}

TEST_F(DecideTest, KnownContentWithOtherAttributesIsDenied) {
  Evidence evidence = kGood;
  evidence.attributes_hold = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kMetadataMismatch,
         &appraise_, false);
}

TEST_F(DecideTest, FailureIsAnErrorWhateverElseIsClaimed) {
  Evidence evidence = kGood;
  evidence.failed = true;
  Expect(Appraised(evidence), Verdict::kError, Reason::kIoError, &appraise_,
         false);
}

TEST_F(DecideTest, FileBeingWrittenIsDenied) {
  Evidence evidence = kGood;
  evidence.writer_active = true;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kWriterActive, &appraise_,
         false);
  // Reading it fails as well, but that is not what stops it.
  evidence.failed = true;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kWriterActive, &appraise_,
         false);
}

TEST_F(DecideTest, WhatIsNotRegularIsUnjudged) {
  Expect(Appraised({.regular = false, .writer_active = true, .failed = true}),
         Verdict::kUnjudged, Reason::kNotRegular, &appraise_, false);
  Expect(Measured({.regular = false}), Verdict::kUnjudged, Reason::kNotRegular,
         &measure_, false);
}

TEST_F(DecideTest, NoDemandIsUnjudged) {
  for (const Evidence& evidence : {kGood, Evidence{}}) {
    Expect(Decide({}, evidence), Verdict::kUnjudged, Reason::kDontAppraise,
           nullptr, false);
  }
}

TEST_F(DecideTest, MeasureRuleDeniesNothing) {
  Expect(Measured({}), Verdict::kUnjudged, Reason::kDontAppraise, &measure_,
         true);
  Expect(Measured({.path_listed = true}), Verdict::kUnjudged,
         Reason::kDontAppraise, &measure_, true);
}

TEST_F(DecideTest, MeasuredListStandsForItsFiles) {
  Expect(Measured(kGood), Verdict::kUnjudged, Reason::kDontAppraise, &measure_,
         false);
  Evidence evidence = kGood;
  evidence.list_measured = false;
  Expect(Measured(evidence), Verdict::kUnjudged, Reason::kDontAppraise,
         &measure_, true);
}

TEST_F(DecideTest, AMeasuredListStandsForItsFilesAlsoWhereItDoesNotPermit) {
  Expect(Decide({.appraise = &appraise_, .measure = &measure_},
                {.known = false, .list_measured = true}),
         Verdict::kDeny, Reason::kUnknownContent, &appraise_, false);
}

TEST_F(DecideTest, WhatHasNoDigestIsNotMeasured) {
  Expect(Measured({.failed = true}), Verdict::kUnjudged, Reason::kDontAppraise,
         &measure_, false);
  Expect(Measured({.writer_active = true}), Verdict::kUnjudged,
         Reason::kDontAppraise, &measure_, false);
}

TEST_F(DecideTest, AppraisalDecidesAndUnknownFilesAreStillMeasured) {
  const Demand both = {.appraise = &appraise_, .measure = &measure_};
  Expect(Decide(both, {}), Verdict::kDeny, Reason::kUnknownContent, &appraise_,
         true);
  Expect(Decide(both, kGood), Verdict::kAllow, Reason::kKnown, &appraise_,
         false);
}

TEST(PermitsTest, OnlyEnforceStopsDenialsAndErrors) {
  for (const Verdict verdict :
       {Verdict::kAllow, Verdict::kDeny, Verdict::kUnjudged, Verdict::kError}) {
    const bool good =
        verdict == Verdict::kAllow || verdict == Verdict::kUnjudged;
    EXPECT_EQ(Permits(Mode::kEnforce, verdict), good) << VerdictName(verdict);
    EXPECT_TRUE(Permits(Mode::kLog, verdict)) << VerdictName(verdict);
    EXPECT_TRUE(Permits(Mode::kOff, verdict)) << VerdictName(verdict);
  }
}

TEST(ModeNameTest, NamesAndReadsEveryMode) {
  EXPECT_EQ(ModeName(Mode::kEnforce), "enforce");
  EXPECT_EQ(ModeName(Mode::kLog), "log");
  EXPECT_EQ(ModeName(Mode::kOff), "off");
  for (const Mode mode : {Mode::kEnforce, Mode::kLog, Mode::kOff}) {
    EXPECT_EQ(ModeFromName(ModeName(mode)), mode);
  }
  EXPECT_EQ(ModeFromName("Enforce"), std::nullopt);
  EXPECT_EQ(ModeFromName(""), std::nullopt);
}

}  // namespace
}  // namespace assayfs
