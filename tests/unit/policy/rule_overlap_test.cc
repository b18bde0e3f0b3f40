// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_overlap.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "policy/match.h"
#include "reference.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::Parsed;

template <typename Choices>
auto Pick(const Choices& choices, std::mt19937& random) {
  return choices[random() % choices.size()];
}

// Returns the words of a rule behind its action: any, of few values, so that
// rules often have to do with each other.
std::string AnyWords(std::mt19937& random) {
  constexpr std::array kFuncs = {"",
                                 "func=FILE_CHECK ",
                                 "func=MMAP_CHECK ",
                                 "func=BPRM_CHECK ",
                                 "func=MODULE_CHECK ",
                                 "func=POLICY_CHECK ",
                                 "func=DIGEST_LIST_CHECK "};
  constexpr std::array kMasks = {"",
                                 "",
                                 "mask=MAY_EXEC ",
                                 "mask=MAY_READ ",
                                 "mask=^MAY_READ ",
                                 "mask=^MAY_WRITE ",
                                 "mask=MAY_APPEND "};
  constexpr std::array kNumbers = {"",       "",         "uid<2 ", "uid=1-2 ",
                                   "uid=2 ", "uid=0,3 ", "uid>0 "};
  constexpr std::array kExes = {"",
                                "",
                                "exe=/a ",
                                "exe!=/a ",
                                "exe=/** ",
                                "exe=/a*,/b/** ",
                                "exe!=/a*,/b ",
                                "exe=/b/* ",
                                "exe!=/b/** ",
                                "exe=/a\\** "};
  constexpr std::array kPaths = {"",          "",           "path=/a.ko ",
                                 "path=/a* ", "path!=/b ",  "path=/b/** ",
                                 "path=** ",  "path!=/a* ", "path=/b,/a "};
  return std::string(Pick(kFuncs, random)) + Pick(kMasks, random) +
         Pick(kNumbers, random) + Pick(kExes, random) + Pick(kPaths, random);
}

// Returns a use of which all is known.
Use AnyUse(std::mt19937& random) {
  constexpr std::array<Mask, 6> kMasks = {kMayExec,
                                          kMayRead,
                                          kMayWrite,
                                          kMayWrite | kMayAppend,
                                          kMayRead | kMayWrite,
                                          kMayRead | kMayWrite | kMayAppend};
  constexpr std::array kTexts = {"/a", "/ab", "/a*x", "/b", "/b/c", "/a.ko"};
  Use use{.mask = Pick(kMasks, random)};
  use.number(NumberFact::kUid) = random() % 5;
  use.text(TextFact::kExe) = {Pick(kTexts, random)};
  use.text(TextFact::kPath) = {Pick(kTexts, random), Pick(kTexts, random)};
  use.elf = random() % 2 == 0;
  use.setuid = false;
  use.setgid = false;
  return use;
}

// Says whether some occasion of the use is one for the only rule of a policy.
bool Matches(const Policy& policy, const Use& use) {
  if (!Match(policy, use).empty()) return true;
  Use own = use;
  own.mask = kMayRead;
  own.text(TextFact::kExe).clear();
  return testing::TheOne(MatchOccasion(policy, Func::kPolicyCheck, own))
             .any() ||
         !MatchList(policy, ActionClass::kAudit, own).empty();
}

TEST(RuleOverlapTest, WhatItIsCertainOfIsSo) {
  std::mt19937 random(1);
  std::array<std::size_t, 3> certain{};
  for (unsigned round = 0; round < 4000; ++round) {
    const auto one = Parsed("audit " + AnyWords(random));
    const auto other = Parsed("audit " + AnyWords(random));
    const Rule& wide = one.rules.front();
    const Rule& narrow = other.rules.front();
    const Occasions occasions = OccasionsOf(narrow);
    const bool never = occasions.none();
    const bool takes_all =
        (occasions & ~OccasionsOf(wide)).none() &&
        AcceptsAllOf(ComparedRule(wide), ComparedRule(narrow));
    const bool apart = !MayAcceptSame(ComparedRule(wide), ComparedRule(narrow));
    certain[0] += never ? 1 : 0;
    certain[1] += takes_all ? 1 : 0;
    certain[2] += apart ? 1 : 0;
    if (!never && !takes_all && !apart) continue;
    for (unsigned i = 0; i < 50; ++i) {
      const Use use = AnyUse(random);
      const bool matched = Matches(other, use);
      EXPECT_FALSE(never && matched) << narrow.text;
      EXPECT_FALSE(takes_all && matched && !Matches(one, use))
          << wide.text << " / " << narrow.text;
      if (!apart) continue;
      // Both, for opens: of what is not known more is accepted.
      EXPECT_FALSE(!Match(other, use).empty() && !Match(one, use).empty())
          << wide.text << " / " << narrow.text;
    }
  }
  for (const std::size_t count : certain) EXPECT_GT(count, 50U);
}

}  // namespace
}  // namespace assayfs
