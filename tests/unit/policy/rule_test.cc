// SPDX-License-Identifier: Apache-2.0
#include "policy/rule.h"

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;

TEST(ActionTest, HasTheNamesOfLinux) {
  EXPECT_EQ(ActionName(Action::kMeasure), "measure");
  EXPECT_EQ(ActionName(Action::kDontMeasure), "dont_measure");
  EXPECT_EQ(ActionName(Action::kAppraise), "appraise");
  EXPECT_EQ(ActionName(Action::kDontAppraise), "dont_appraise");
  EXPECT_EQ(ActionName(Action::kAudit), "audit");
  EXPECT_EQ(ActionName(Action::kDontAudit), "dont_audit");
  EXPECT_EQ(ActionName(Action::kHash), "hash");
  EXPECT_EQ(ActionName(Action::kDontHash), "dont_hash");
}

TEST(ActionTest, IsOfAClassAndDemandsOrExcepts) {
  EXPECT_EQ(ClassOf(Action::kMeasure), ActionClass::kMeasure);
  EXPECT_EQ(ClassOf(Action::kDontMeasure), ActionClass::kMeasure);
  EXPECT_EQ(ClassOf(Action::kDontAppraise), ActionClass::kAppraise);
  EXPECT_EQ(ClassOf(Action::kAudit), ActionClass::kAudit);
  EXPECT_EQ(ClassOf(Action::kDontHash), ActionClass::kHash);
  EXPECT_TRUE(Demands(Action::kAppraise));
  EXPECT_FALSE(Demands(Action::kDontAppraise));
  EXPECT_TRUE(Demands(Action::kHash));
  EXPECT_FALSE(Demands(Action::kDontMeasure));
}

TEST(FuncTest, IsReadByItsName) {
  for (std::size_t i = 0; i < kFuncCount; ++i) {
    const auto func = static_cast<Func>(i);
    EXPECT_EQ(FuncFromName(FuncName(func)), func) << FuncName(func);
  }
  EXPECT_EQ(FuncFromName("FILE"), std::nullopt);
  EXPECT_EQ(FuncFromName(""), std::nullopt);
}

TEST(FuncTest, IsReadByOlderNames) {
  EXPECT_EQ(FuncFromName("PATH_CHECK"), Func::kFileCheck);
  EXPECT_EQ(FuncFromName("FILE_MMAP"), Func::kMmapCheck);
  EXPECT_EQ(FuncFromName("MMAP_CHECK_REQPROT"), Func::kMmapCheck);
}

TEST(FuncTest, HasPathsIfTheKernelReads) {
  for (std::size_t i = 0; i < kFuncCount; ++i) {
    const auto func = static_cast<Func>(i);
    const bool kernel_reads =
        func == Func::kModuleCheck || func == Func::kFirmwareCheck ||
        func == Func::kKexecKernelCheck || func == Func::kKexecInitramfsCheck;
    EXPECT_EQ(!PathsOf(func).empty(), kernel_reads) << FuncName(func);
  }
}

TEST(NumberSetTest, HasTheNumbersOfItsRanges) {
  NumberSet numbers;
  EXPECT_FALSE(numbers.Has(0));
  numbers.Add({5, 7});
  numbers.Add({0, 0});
  numbers.Add({4294967295, 4294967295});
  for (const std::uint32_t number : {0U, 5U, 6U, 7U, 4294967295U})
    EXPECT_TRUE(numbers.Has(number)) << number;
  for (const std::uint32_t number : {1U, 4U, 8U, 4294967294U})
    EXPECT_FALSE(numbers.Has(number)) << number;
}

TEST(TextSetTest, AcceptsASpellingThatAPatternMatches) {
  const TextSet texts{.globs = {"/a/*", "b"}};
  EXPECT_TRUE(texts.Accepts({"/a/x"}));
  EXPECT_TRUE(texts.Accepts({"c", "b"}));
  EXPECT_FALSE(texts.Accepts({"c", "/a/x/y"}));
}

TEST(TextSetTest, AcceptsNoneOfThoseThatItExcludes) {
  const TextSet texts{.excludes = true, .globs = {"/a/*", "b"}};
  EXPECT_FALSE(texts.Accepts({"/a/x"}));
  EXPECT_FALSE(texts.Accepts({"c", "b"}));
  EXPECT_TRUE(texts.Accepts({"c"}));
}

TEST(ParseBindingTest, ReadsWordsWithCommasBetweenThem) {
  EXPECT_EQ(Must(ParseBinding("path")), Binding{.path = true});
  EXPECT_EQ(Must(ParseBinding("owner,mode,owner")),
            (Binding{.mode = true, .owner = true}));
  EXPECT_EQ(Must(ParseBinding("path,mode,owner,caps,link")),
            (Binding{true, true, true, true, true}));
}

TEST(ParseBindingTest, RefusesOtherWords) {
  for (const char* text : {"", "path,", ",path", "mode, caps", "Path"}) {
    EXPECT_THAT(ParseBinding(text), FailsSaying(EINVAL, "is none of path"))
        << text;
  }
}

TEST(BindingTest, AllButThePathAreAttributes) {
  EXPECT_FALSE(Binding{}.any());
  EXPECT_TRUE(Binding{.path = true}.any());
  EXPECT_FALSE(Binding{.path = true}.attributes());
  for (const Binding& binding :
       {Binding{.mode = true}, Binding{.owner = true}, Binding{.caps = true},
        Binding{.link = true}}) {
    EXPECT_TRUE(binding.attributes());
    EXPECT_TRUE(binding.any());
  }
}

TEST(AddBindingTest, KeepsWhatIsThere) {
  Binding binding{.path = true};
  AddBinding({.caps = true}, binding);
  EXPECT_EQ(binding, (Binding{.path = true, .caps = true}));
}

Rule RuleOn(std::optional<Func> func) {
  Rule rule;
  rule.func = func;
  return rule;
}

TEST(RuleTest, WithoutFuncIsForAllButPolicies) {
  const Rule rule;
  for (std::size_t i = 0; i < kFuncCount; ++i) {
    const auto func = static_cast<Func>(i);
    EXPECT_EQ(rule.IsFor(func, kMayRead), func != Func::kPolicyCheck);
  }
}

TEST(RuleTest, WithFuncIsForThatOne) {
  for (std::size_t i = 0; i < kFuncCount; ++i) {
    const Rule rule = RuleOn(static_cast<Func>(i));
    for (std::size_t j = 0; j < kFuncCount; ++j) {
      EXPECT_EQ(rule.IsFor(static_cast<Func>(j), kMayRead), i == j);
    }
  }
}

TEST(RuleTest, WithoutMaskIsForWhatSeesContent) {
  const Rule rule;
  for (Mask mask = 0; mask < kMaskCount; ++mask) {
    EXPECT_EQ(rule.IsFor(Func::kFileCheck, mask),
              (mask & kMayRead) != 0 || (mask & kMayExec) != 0)
        << mask;
  }
}

TEST(RuleTest, WithMaskIsForExactlyThat) {
  for (Mask wanted = 1; wanted < kMaskCount; ++wanted) {
    Rule rule;
    rule.mask_is = wanted;
    for (Mask mask = 0; mask < kMaskCount; ++mask) {
      EXPECT_EQ(rule.IsFor(Func::kFileCheck, mask), mask == wanted);
    }
  }
}

TEST(RuleTest, WithABitOfAMaskIsForAllThatHaveIt) {
  for (const Mask bit : {kMayExec, kMayWrite, kMayRead, kMayAppend}) {
    Rule rule;
    rule.mask_has = bit;
    for (Mask mask = 0; mask < kMaskCount; ++mask) {
      EXPECT_EQ(rule.IsFor(Func::kFileCheck, mask), (mask & bit) != 0);
    }
  }
}

TEST(RuleTest, HasConditionsIfItAsksForNumbersOrTexts) {
  Rule rule = RuleOn(Func::kFileCheck);
  rule.mask_is = kMayRead;
  EXPECT_FALSE(rule.HasConditions());
  rule.numbers[0] = NumberSet();
  EXPECT_TRUE(rule.HasConditions());
  rule.numbers[0].reset();
  rule.texts[0] = TextSet{};
  EXPECT_TRUE(rule.HasConditions());
}

TEST(RuleTest, AsksAlikeIfItsNumbersAndTextsAreTheSame) {
  Rule rule;
  Rule other = RuleOn(Func::kBprmCheck);
  other.action = Action::kHash;
  EXPECT_TRUE(rule.AsksAlike(other));
  rule.numbers[0].emplace().Add({1, 1});
  EXPECT_FALSE(rule.AsksAlike(other));
  other.numbers[0].emplace().Add({1, 1});
  EXPECT_TRUE(rule.AsksAlike(other));
  other.texts[0] = TextSet{.globs = {"/a"}};
  EXPECT_FALSE(rule.AsksAlike(other));
}

TEST(PlaceOfTest, IsFileAndLine) {
  Rule rule;
  rule.file = "/etc/p";
  rule.line = 7;
  EXPECT_EQ(PlaceOf(rule), "/etc/p:7");
}

}  // namespace
}  // namespace assayfs
