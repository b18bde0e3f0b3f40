// SPDX-License-Identifier: Apache-2.0
#include "policy/decide.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <tuple>

namespace assayfs {

// For the messages of tests that fail.
static std::ostream& operator<<(std::ostream& out, const Decision& decision) {
  return out << VerdictName(decision.verdict) << " "
             << ReasonName(decision.reason)
             << (decision.measure != nullptr ? " measure" : "")
             << (decision.audit ? " audit" : "");
}

namespace {

Rule RuleOf(Action action) {
  Rule rule;
  rule.action = action;
  return rule;
}
Rule RuleByList() {
  Rule rule = RuleOf(Action::kMeasure);
  rule.terms.digest_cache = true;
  rule.terms.pcr = 11;
  return rule;
}

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
  Decision MeasuredByList(const Evidence& evidence) const {
    return Decide({.measure = &by_list_}, evidence);
  }
  Decision Audited(const Evidence& evidence) const {
    return Decide({.audit = &audit_}, evidence);
  }
  static void Expect(const Decision& decision, Verdict verdict, Reason reason,
                     const Rule* rule, const Rule* measure,
                     bool audit = false) {
    EXPECT_EQ(std::tuple(decision.verdict, decision.reason, decision.rule,
                         decision.measure, decision.audit),
              std::tuple(verdict, reason, rule, measure, audit))
        << decision;
  }

  const Rule appraise_ = RuleOf(Action::kAppraise);
  const Rule measure_ = RuleOf(Action::kMeasure);
  const Rule by_list_ = RuleByList();
  const Rule audit_ = RuleOf(Action::kAudit);
  const Rule hash_ = RuleOf(Action::kHash);
};

TEST_F(DecideTest, KnownAndVerifiedIsAllowed) {
  Expect(Appraised(kGood), Verdict::kAllow, Reason::kKnown, &appraise_,
         nullptr);
}

TEST_F(DecideTest, UnknownContentIsDenied) {
  Expect(Appraised({}), Verdict::kDeny, Reason::kUnknownContent, &appraise_,
         nullptr);
}

TEST_F(DecideTest, ListedPathWithOtherContentIsModified) {
  Expect(Appraised({.path_listed = true}), Verdict::kDeny, Reason::kModified,
         &appraise_, nullptr);
}

TEST_F(DecideTest, KnownContentIsAllowedWhateverPathItHas) {
  Evidence evidence = kGood;
  evidence.path_listed = true;
  Expect(Appraised(evidence), Verdict::kAllow, Reason::kKnown, &appraise_,
         nullptr);
}

TEST_F(DecideTest, KnownOnlyToAListThatIsNotAppraisedIsDenied) {
  Evidence evidence = kGood;
  evidence.list_verified = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kListUnverified,
         &appraise_, nullptr);
}

TEST_F(DecideTest, AMeasuredListDoesNotPermit) {
  Expect(Appraised({.known = true, .list_measured = true}), Verdict::kDeny,
         Reason::kListUnverified, &appraise_, nullptr);
}

TEST_F(DecideTest, WhatWasWithdrawnIsDeniedForThatReason) {
  for (const Reason reason : {Reason::kRevoked, Reason::kRolledBack}) {
    Evidence evidence = kGood;
    evidence.withdrawn = reason;
    Expect(Appraised(evidence), Verdict::kDeny, reason, &appraise_, nullptr);
  }
}

TEST_F(DecideTest, KnownContentInAnotherPlaceIsDenied) {
  Evidence evidence = kGood;
  evidence.in_place = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kPathMismatch, &appraise_,
         nullptr);
}

TEST_F(DecideTest, KnownContentWithOtherAttributesIsDenied) {
  Evidence evidence = kGood;
  evidence.attributes_hold = false;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kMetadataMismatch,
         &appraise_, nullptr);
}

TEST_F(DecideTest, FailureIsAnErrorWhateverElseIsClaimed) {
  Evidence evidence = kGood;
  evidence.failed = true;
  Expect(Appraised(evidence), Verdict::kError, Reason::kIoError, &appraise_,
         nullptr);
}

TEST_F(DecideTest, FileBeingWrittenIsDenied) {
  Evidence evidence = kGood;
  evidence.writer_active = true;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kWriterActive, &appraise_,
         nullptr);
  // Reading it fails as well, but that is not what stops it.
  evidence.failed = true;
  Expect(Appraised(evidence), Verdict::kDeny, Reason::kWriterActive, &appraise_,
         nullptr);
}

TEST_F(DecideTest, WhatIsNotRegularIsUnjudged) {
  Expect(Appraised({.regular = false, .writer_active = true, .failed = true}),
         Verdict::kUnjudged, Reason::kNotRegular, &appraise_, nullptr);
  Expect(Measured({.regular = false}), Verdict::kUnjudged, Reason::kNotRegular,
         &measure_, nullptr);
}

TEST_F(DecideTest, NoDemandIsUnjudged) {
  for (const Evidence& evidence : {kGood, Evidence{}}) {
    Expect(Decide({}, evidence), Verdict::kUnjudged, Reason::kDontAppraise,
           nullptr, nullptr);
  }
}

TEST_F(DecideTest, MeasureRuleDeniesNothing) {
  Expect(Measured({}), Verdict::kUnjudged, Reason::kDontAppraise, &measure_,
         &measure_);
  Expect(Measured({.path_listed = true}), Verdict::kUnjudged,
         Reason::kDontAppraise, &measure_, &measure_);
}

TEST_F(DecideTest, EveryFileIsMeasuredUnlessTheRuleSaysOtherwise) {
  Expect(Measured(kGood), Verdict::kUnjudged, Reason::kDontAppraise, &measure_,
         &measure_);
}

TEST_F(DecideTest, AMeasuredListStandsForItsFilesWhereTheRuleSaysSo) {
  Expect(MeasuredByList(kGood), Verdict::kUnjudged, Reason::kDontAppraise,
         &by_list_, nullptr);
  Evidence evidence = kGood;
  evidence.list_measured = false;
  Expect(MeasuredByList(evidence), Verdict::kUnjudged, Reason::kDontAppraise,
         &by_list_, &by_list_);
}

TEST_F(DecideTest, AMeasuredListStandsForItsFilesAlsoWhereItDoesNotPermit) {
  Expect(Decide({.appraise = &appraise_, .measure = &by_list_},
                {.known = false, .list_measured = true}),
         Verdict::kDeny, Reason::kUnknownContent, &appraise_, nullptr);
}

TEST_F(DecideTest, WhatHasNoDigestIsNotAuditedAndMeasuredAsAViolation) {
  for (const Evidence& evidence :
       {Evidence{.failed = true}, Evidence{.writer_active = true},
        Evidence{.regular = false}}) {
    const Decision decision =
        Decide({.measure = &measure_, .audit = &audit_}, evidence);
    EXPECT_EQ(decision.measure, evidence.regular ? &measure_ : nullptr);
    EXPECT_FALSE(decision.audit);
    EXPECT_EQ(decision.rule, &measure_);
    EXPECT_EQ(decision.verdict, Verdict::kUnjudged);
  }
}

TEST_F(DecideTest, AppraisalDecidesAndUnknownFilesAreStillMeasured) {
  const Demand both = {.appraise = &appraise_, .measure = &measure_};
  Expect(Decide(both, {}), Verdict::kDeny, Reason::kUnknownContent, &appraise_,
         &measure_);
  Expect(Decide(both, kGood), Verdict::kAllow, Reason::kKnown, &appraise_,
         &measure_);
}

TEST_F(DecideTest, AuditAsksForALineAndDeniesNothing) {
  Expect(Audited({}), Verdict::kUnjudged, Reason::kDontAppraise, &audit_,
         nullptr, true);
  Expect(Decide({.appraise = &appraise_, .audit = &audit_}, kGood),
         Verdict::kAllow, Reason::kKnown, &appraise_, nullptr, true);
  Expect(Decide({.appraise = &appraise_, .audit = &audit_}, {}), Verdict::kDeny,
         Reason::kUnknownContent, &appraise_, nullptr, true);
}

TEST_F(DecideTest, HashAsksForNothingElse) {
  Expect(Decide({.hash = &hash_}, {}), Verdict::kUnjudged,
         Reason::kDontAppraise, &hash_, nullptr);
}

// Demands and evidence that come to verdicts which are ever stricter.
class OutcomeTest : public ::testing::Test {
 protected:
  struct Case {
    Demand demand;
    Evidence evidence;
    Verdict verdict;
  };

  static Rule RuleFor(std::uint32_t pcr) {
    Rule rule;
    rule.terms.pcr = pcr;
    return rule;
  }

  const Rule appraise_{};
  const Rule hash_{};
  const Rule audit_{};
  const Rule measure_ = RuleFor(11);
  const Rule same_ = RuleFor(11);
  const Rule other_ = RuleFor(12);
  const std::array<Case, 4> rising_ = {
      {{{.hash = &hash_}, {}, Verdict::kUnjudged},
       {{.appraise = &appraise_},
        {.known = true, .list_verified = true},
        Verdict::kAllow},
       {{.appraise = &appraise_}, {.failed = true}, Verdict::kError},
       {{.appraise = &appraise_}, {}, Verdict::kDeny}}};
};

TEST_F(OutcomeTest, TheStricterVerdictHolds) {
  for (std::size_t i = 0; i < rising_.size(); ++i) {
    for (std::size_t j = 0; j < rising_.size(); ++j) {
      Outcome outcome;
      EXPECT_TRUE(outcome.Add(rising_[i].demand, rising_[i].evidence));
      EXPECT_EQ(outcome.Add(rising_[j].demand, rising_[j].evidence), j > i)
          << i << " and " << j;
      EXPECT_EQ(outcome.decision.verdict, rising_[std::max(i, j)].verdict);
      EXPECT_EQ(outcome.appraised, i + j > 0);
    }
  }
}

TEST_F(OutcomeTest, RecordsAreDueForEachDemandAndPcr) {
  Outcome outcome;
  outcome.Add({.measure = &measure_, .audit = &audit_}, {});
  outcome.Add({.appraise = &appraise_, .measure = &same_}, {});
  outcome.Add({.measure = &other_}, {});
  EXPECT_EQ(outcome.decision.verdict, Verdict::kDeny);
  EXPECT_TRUE(outcome.audit);
  EXPECT_EQ(outcome.measures, (std::vector{&measure_, &other_}));
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
