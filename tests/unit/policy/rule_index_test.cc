// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_index.h"

#include <algorithm>

#include "reference.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::Asks;
using testing::Chooser;
using testing::Described;
using testing::Parsed;
using testing::PlainlyAccepts;
using testing::PlainMatch;
using testing::PlainMatchOccasion;
using testing::RandomPath;
using testing::RandomPolicy;
using testing::RandomUse;
using testing::TheOne;

bool Has(RuleIndex::Row row, std::size_t rule) {
  return (row[rule / 64] >> (rule % 64) & 1) != 0;
}

// The lines of the rules in a row, each policy having one rule a line.
std::vector<std::size_t> LinesIn(RuleIndex::Row row) {
  std::vector<std::size_t> lines;
  for (std::size_t i = 0; i < row.size() * 64; ++i) {
    if (Has(row, i)) lines.push_back(i + 1);
  }
  return lines;
}
using Lines = std::vector<std::size_t>;

bool Same(const Demand& one, const Demand& other) {
  return one.appraise == other.appraise && one.measure == other.measure &&
         one.audit == other.audit && one.hash == other.hash;
}

// Says whether Match finds the same rules as the plain way, in that order.
::testing::AssertionResult MatchesPlainly(const Policy& policy,
                                          const Use& use) {
  const DemandList found = Match(policy, use);
  const std::vector<Demand> wanted = PlainMatch(policy, use);
  if (std::ranges::equal(found.all(), wanted, Same)) {
    return ::testing::AssertionSuccess();
  }
  DemandList expected;
  for (const Demand& demand : wanted) expected.Add(demand);
  return ::testing::AssertionFailure()
         << "found " << Described(found) << "instead of " << Described(expected)
         << "\nfor " << Described(use) << "\nin:\n"
         << policy.text;
}

// Compares over so many policies, and counts what matched.
std::size_t CompareAll(Chooser& choose, std::size_t policies, std::size_t uses,
                       std::size_t least_rules, std::size_t most_rules,
                       const Asks& asks) {
  std::size_t demands = 0;
  for (std::size_t i = 0; i < policies; ++i) {
    const std::size_t rules =
        least_rules + choose.Below(most_rules - least_rules + 1);
    const Policy policy = Parsed(RandomPolicy(choose, rules, asks));
    for (std::size_t j = 0; j < uses; ++j) {
      const Use use = RandomUse(choose);
      const auto same = MatchesPlainly(policy, use);
      EXPECT_TRUE(same);
      if (!same) return 0;
      demands += Match(policy, use).size();
    }
  }
  return demands;
}

TEST(RuleIndexTest, MatchFindsInSmallPoliciesWhatLookingAtEachRuleFinds) {
  Chooser choose(11);
  EXPECT_GT(CompareAll(choose, 2500, 10, 0, 8, {}), 4000U);
}

TEST(RuleIndexTest, MatchDoesSoInLargePolicies) {
  Chooser choose(12);
  const Asks asks = {.func = 2, .mask = 3, .asker = 3, .path = 2, .file = 4};
  EXPECT_GT(CompareAll(choose, 200, 20, 65, 300, asks), 1500U);
}

TEST(RuleIndexTest, MatchDoesSoWhereWordsOfBitsEnd) {
  Chooser choose(13);
  for (const std::size_t rules : {63U, 64U, 65U, 127U, 128U, 129U}) {
    EXPECT_GT(CompareAll(choose, 20, 20, rules, rules, {.asker = 3}), 100U);
  }
}

TEST(RuleIndexTest, MatchDoesSoWithManyPaths) {
  Chooser choose(14);
  const Asks asks = {
      .func = 0, .mask = 0, .asker = 0, .path = 1, .file = 0, .terms = 3};
  EXPECT_GT(CompareAll(choose, 200, 30, 1, 150, asks), 3000U);
}

TEST(RuleIndexTest, MatchDoesSoWithNumbersOnly) {
  Chooser choose(15);
  const Asks asks = {
      .func = 0, .mask = 0, .asker = 2, .path = 0, .file = 2, .terms = 3};
  EXPECT_GT(CompareAll(choose, 300, 30, 1, 100, asks), 1500U);
}

TEST(RuleIndexTest, MatchDoesSoWithOccasionsOnly) {
  Chooser choose(16);
  const Asks asks = {
      .func = 1, .mask = 2, .asker = 0, .path = 0, .file = 0, .terms = 2};
  EXPECT_GT(CompareAll(choose, 1500, 16, 1, 20, asks), 10'000U);
}

TEST(RuleIndexTest, MatchOccasionFindsWhatLookingAtEachRuleFinds) {
  Chooser choose(17);
  std::size_t demands = 0;
  for (std::size_t i = 0; i < 800; ++i) {
    const auto policy = Parsed(RandomPolicy(choose, choose.Below(80), {}));
    for (std::size_t j = 0; j < 2 * kFuncCount; ++j) {
      Use use = RandomUse(choose);
      use.mask = kMayRead;
      const auto func = static_cast<Func>(j % kFuncCount);
      const DemandList found = MatchOccasion(policy, func, use);
      demands += found.size();
      const auto wanted = PlainMatchOccasion(policy, func, use);
      ASSERT_TRUE(std::ranges::equal(found.all(), wanted, Same))
          << FuncName(func) << " for " << Described(use) << " in:\n"
          << policy.text;
    }
  }
  EXPECT_GT(demands, 1000U);
}

TEST(RuleIndexTest, MatchSeesEachOfManyRulesAndPaths) {
  std::string text;
  for (std::size_t i = 0; i < 1000; ++i) {
    text += "appraise path=/opt/" + std::to_string(i) + "/**,/srv/" +
            std::to_string(i) + "\n";
  }
  const Policy policy = Parsed(text);
  for (unsigned i = 0; i < 1000; ++i) {
    for (const std::string& path : {"/opt/" + std::to_string(i) + "/bin/a",
                                    "/srv/" + std::to_string(i)}) {
      Use use;
      use.text(TextFact::kPath) = {path};
      const auto demand = TheOne(MatchOccasion(policy, Func::kFileCheck, use));
      ASSERT_NE(demand.appraise, nullptr) << path;
      ASSERT_EQ(demand.appraise->line, i + 1) << path;
      if (i % 50 != 0) continue;
      use.text(TextFact::kPath) = {path + "x"};
      ASSERT_EQ(PlainMatchOccasion(policy, Func::kFileCheck, use).size(),
                MatchOccasion(policy, Func::kFileCheck, use).size());
    }
  }
}

TEST(RuleIndexTest, HasOneBitForEachRule) {
  EXPECT_EQ(RuleIndex({}).words(), 0U);
  EXPECT_EQ(RuleIndex(std::vector<Rule>(1)).words(), 1U);
  EXPECT_EQ(RuleIndex(std::vector<Rule>(64)).words(), 1U);
  EXPECT_EQ(RuleIndex(std::vector<Rule>(65)).words(), 2U);
}

TEST(RuleIndexTest, RowsOfOccasionsHaveTheRulesThatAreForThem) {
  Chooser choose(18);
  for (unsigned round = 0; round < 100; ++round) {
    const Policy policy = Parsed(RandomPolicy(choose, 70, {}));
    for (std::size_t func = 0; func < kFuncCount; ++func) {
      for (Mask mask = 0; mask < kMaskCount; ++mask) {
        const auto row = policy.index->Occasion(
            policy.index->OccasionNumber(static_cast<Func>(func), mask));
        for (std::size_t i = 0; i < policy.rules.size(); ++i) {
          ASSERT_EQ(Has(row, i),
                    policy.rules[i].IsFor(static_cast<Func>(func), mask));
        }
      }
    }
  }
}

TEST(RuleIndexTest, OccasionsHaveOneNumberIfTheirRowsAreTheSame) {
  const auto policy = Parsed("appraise\nmeasure func=BPRM_CHECK\n");
  const RuleIndex& index = *policy.index;
  const auto read = index.OccasionNumber(Func::kFileCheck, kMayRead);
  EXPECT_EQ(read, index.OccasionNumber(Func::kMmapCheck, kMayExec));
  EXPECT_EQ(read, index.OccasionNumber(Func::kModuleCheck, kMayRead));
  EXPECT_NE(read, index.OccasionNumber(Func::kBprmCheck, kMayExec));
  EXPECT_NE(read, index.OccasionNumber(Func::kFileCheck, kMayWrite));
}

TEST(RuleIndexTest, NumbersThatNoRuleAsksForHaveNoRow) {
  const auto policy = Parsed("appraise uid=0\n");
  EXPECT_TRUE(policy.index->OfNumber(NumberFact::kUid, 0));
  EXPECT_TRUE(policy.index->OfNumber(NumberFact::kUid, std::nullopt));
  EXPECT_FALSE(policy.index->OfNumber(NumberFact::kEuid, 0));
  EXPECT_FALSE(policy.index->OfNumber(NumberFact::kEuid, std::nullopt));
}

TEST(RuleIndexTest, RowsOfNumbersHaveTheRulesThatAcceptThem) {
  const auto policy = Parsed(
      "appraise uid=1000-1999\n"
      "dont_appraise uid<1001\n"
      "measure\n"
      "measure uid>4294967294\n"
      "hash uid=0,5\n");
  const auto lines = [&policy](std::optional<std::uint32_t> uid) {
    return LinesIn(*policy.index->OfNumber(NumberFact::kUid, uid));
  };
  EXPECT_EQ(lines(0), (Lines{2, 3, 5}));
  EXPECT_EQ(lines(1), (Lines{2, 3}));
  EXPECT_EQ(lines(5), (Lines{2, 3, 5}));
  EXPECT_EQ(lines(6), (Lines{2, 3}));
  EXPECT_EQ(lines(1000), (Lines{1, 2, 3}));
  EXPECT_EQ(lines(1001), (Lines{1, 3}));
  EXPECT_EQ(lines(1999), (Lines{1, 3}));
  EXPECT_EQ(lines(2000), (Lines{3}));
  EXPECT_EQ(lines(4294967295), (Lines{3, 4}));
}

TEST(RuleIndexTest, OfAnUnknownNumberAllRulesThatDemandAreThere) {
  const auto policy = Parsed(
      "appraise uid=1\ndont_appraise uid=1\nmeasure\ndont_measure\n"
      "audit uid>5\n");
  EXPECT_EQ(LinesIn(*policy.index->OfNumber(NumberFact::kUid, std::nullopt)),
            (Lines{1, 3, 4, 5}));
}

TEST(RuleIndexTest, RowsOfPathsHaveTheRulesWhosePatternsBeginSo) {
  const auto policy = Parsed(
      "appraise path=/usr/**\n"
      "appraise path=/usr/bin/*,/opt/**\n"
      "appraise\n"
      "appraise path!=/usr/**\n"
      "appraise path=**.ko\n"
      "appraise path=/usr/bin/sh\n");
  const RuleIndex& index = *policy.index;
  EXPECT_TRUE(index.asks_for_path());
  EXPECT_EQ(LinesIn(index.OfPath("/usr/lib/a")), (Lines{1, 3, 4, 5}));
  EXPECT_EQ(LinesIn(index.OfPath("/usr/bin/a")), (Lines{1, 2, 3, 4, 5}));
  EXPECT_EQ(LinesIn(index.OfPath("/usr/bin/sh")), (Lines{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(LinesIn(index.OfPath("/opt/a")), (Lines{2, 3, 4, 5}));
  EXPECT_EQ(LinesIn(index.OfPath("/usr")), (Lines{3, 4, 5}));
  EXPECT_EQ(LinesIn(index.OfPath("")), (Lines{3, 4, 5}));
}

TEST(RuleIndexTest, RowsOfPathsLeaveNoRuleOutThatAccepts) {
  Chooser choose(19);
  const Asks asks = {
      .func = 0, .mask = 0, .asker = 0, .path = 1, .file = 0, .terms = 0};
  for (unsigned round = 0; round < 500; ++round) {
    const Policy policy = Parsed(RandomPolicy(choose, 40, asks));
    for (unsigned i = 0; i < 20; ++i) {
      Use use;
      const std::string path = RandomPath(choose);
      use.text(TextFact::kPath) = {path};
      const auto row = policy.index->OfPath(path);
      for (std::size_t rule = 0; rule < policy.rules.size(); ++rule) {
        ASSERT_TRUE(Has(row, rule) ||
                    !PlainlyAccepts(policy.rules[rule], Func::kFileCheck, use))
            << path << " and " << policy.rules[rule].text;
      }
    }
  }
}

TEST(RuleIndexTest, AsksForNoPathWhereNoRuleNamesOne) {
  EXPECT_FALSE(Parsed("appraise\n").index->asks_for_path());
  EXPECT_FALSE(Parsed("appraise path!=/a\n").index->asks_for_path());
}

TEST(RuleIndexTest, RowsOfKindsHaveWhatDemandsAndWhatExcepts) {
  const auto policy = Parsed(
      "appraise\nmeasure\ndont_appraise\nhash\ndont_audit\naudit\n"
      "dont_hash\ndont_measure\n");
  const RuleIndex& index = *policy.index;
  EXPECT_EQ(LinesIn(index.OfKind(ActionClass::kAppraise)), (Lines{1, 3}));
  EXPECT_EQ(LinesIn(index.OfKind(ActionClass::kMeasure)), (Lines{2, 8}));
  EXPECT_EQ(LinesIn(index.OfKind(ActionClass::kAudit)), (Lines{5, 6}));
  EXPECT_EQ(LinesIn(index.OfKind(ActionClass::kHash)), (Lines{4, 7}));
}

}  // namespace
}  // namespace assayfs
