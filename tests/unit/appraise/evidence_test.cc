// SPDX-License-Identifier: Apache-2.0
// What lists say of content, where rules count digests of different types.
#include "appraise/evidence.h"

#include "support/fakes.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using testing::DigestOf;
using ::testing::ElementsAre;

constexpr auto kPlain = HashAlgorithm::kSha256;
constexpr auto kVerity = HashAlgorithm::kVeritySha256;

Rule AnyRule() {
  Rule rule;
  rule.terms.digest_cache = true;
  return rule;
}
const Rule kAnyRule = AnyRule();

Rule VerityRule() {
  Rule rule;
  rule.terms.verity_only = true;
  rule.terms.digest_cache = true;
  return rule;
}
const Rule kVerityRule = VerityRule();

const Policy kAllLists = testing::Parsed("appraise\n");

std::vector<HashAlgorithm> Algorithms(const DigestIndex& index,
                                      const Demand& demand,
                                      std::size_t waiting = 0) {
  return AlgorithmsFor(index, {&demand, 1}, waiting);
}

std::shared_ptr<const LoadedList> List(std::string name, const Digest& digest,
                                       bool measured) {
  LoadedList list{.sha256 = DigestOf("list")};
  list.name = std::move(name);
  list.files = PackedFiles({{digest, "/a", {}}});
  list.verified = true;
  list.measured = measured;
  return std::make_shared<const LoadedList>(std::move(list));
}

Content Hashed(const std::vector<HashAlgorithm>& algorithms) {
  Content content;
  for (const HashAlgorithm algorithm : algorithms) {
    content.digests.push_back(DigestOf("a", algorithm));
  }
  return content;
}

// List "plain" has the content's own digest, "verity" that of fs-verity.
DigestIndex Index(bool plain_measured = true, bool verity_measured = true) {
  return {1,
          {List("plain", DigestOf("a", kPlain), plain_measured),
           List("verity", DigestOf("a", kVerity), verity_measured)}};
}

Evidence Gathered(const DigestIndex& index, const Demand& demand) {
  const Content content = Hashed({kPlain, kVerity});
  Evidence evidence;
  AddKnown(kAllLists, index, content, demand,
           FindContent(index, content, demand.rule()), evidence);
  return evidence;
}

TEST(CountsTest, OnlyFsVerityCountsWhereTheRuleSaysSo) {
  EXPECT_FALSE(Counts(&kVerityRule, kPlain));
  EXPECT_TRUE(Counts(&kVerityRule, kVerity));
  EXPECT_TRUE(Counts(&kVerityRule, HashAlgorithm::kVeritySha512));
  for (const auto algorithm : {kPlain, kVerity}) {
    EXPECT_TRUE(Counts(&kAnyRule, algorithm));
    EXPECT_TRUE(Counts(nullptr, algorithm));
  }
}

TEST(FindContentTest, LeavesOutWhatDoesNotCount) {
  const DigestIndex index = Index();
  const Content content = Hashed({kPlain, kVerity});
  const auto found = FindContent(index, content, &kVerityRule);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].list->name, "verity");
  EXPECT_EQ(FindContent(index, content, &kAnyRule).size(), 2U);
  EXPECT_EQ(FindContent(index, content, nullptr).size(), 2U);
}

TEST(AlgorithmsForTest, HashesOnlyInWhatCounts) {
  const DigestIndex index = Index();
  EXPECT_THAT(Algorithms(index, {.appraise = &kVerityRule}),
              ElementsAre(kVerity));
  EXPECT_THAT(Algorithms(index, {.appraise = &kAnyRule}),
              ElementsAre(kPlain, kVerity));
  EXPECT_THAT(Algorithms(index, {}), ElementsAre(kPlain, kVerity));
}

TEST(AlgorithmsForTest, TheOtherRuleMayWantMore) {
  const DigestIndex index{
      1,
      {List("a", DigestOf("a", kVerity), true),
       List("b", DigestOf("a", HashAlgorithm::kSha512), true)}};
  EXPECT_THAT(
      Algorithms(index, {.appraise = &kVerityRule, .measure = &kAnyRule}),
      ElementsAre(HashAlgorithm::kSha512, kVerity, kPlain));
  // The record needs SHA-256.
  EXPECT_THAT(Algorithms(index, {.measure = &kVerityRule}),
              ElementsAre(kVerity, kPlain));
}

TEST(AlgorithmsForTest, IsNeverEmpty) {
  const DigestIndex empty{1, {}};
  EXPECT_THAT(Algorithms(empty, {.appraise = &kAnyRule}), ElementsAre(kPlain));
  EXPECT_THAT(Algorithms(empty, {.appraise = &kVerityRule}),
              ElementsAre(kVerity));
}

// Content is looked for in lists that wait by all its digests.
TEST(AlgorithmsForTest, LeavesNothingOutWhileListsWait) {
  EXPECT_THAT(Algorithms(Index(), {.appraise = &kVerityRule}, 1),
              ElementsAre(kPlain, kVerity));
}

TEST(AlgorithmsForTest, KeepsThoseOfRevokedDigests) {
  auto withdrawals = std::make_shared<Withdrawals>();
  withdrawals->revocations.Add(
      "f", "digest " + DigestOf("a", HashAlgorithm::kSha512).ToString());
  const auto index = Index().Under(2, withdrawals);
  EXPECT_THAT(Algorithms(*index, {.appraise = &kVerityRule}),
              ElementsAre(HashAlgorithm::kSha512, kVerity));
  Evidence evidence;
  AddKnown(kAllLists, *index, Hashed({HashAlgorithm::kSha512, kVerity}),
           {.appraise = &kVerityRule}, {}, evidence);
  EXPECT_EQ(evidence.withdrawn, Reason::kRevoked);
}

TEST(AddKnownTest, APlainDigestIsNotKnownByARuleForFsVerity) {
  const DigestIndex plain{1, {List("plain", DigestOf("a", kPlain), true)}};
  EXPECT_FALSE(Gathered(plain, {.appraise = &kVerityRule}).known);
  EXPECT_TRUE(Gathered(plain, {.appraise = &kAnyRule}).known);
  EXPECT_TRUE(Gathered(Index(), {.appraise = &kVerityRule}).known);
}

TEST(AddKnownTest, MeasuredIsWhatTheRuleThatMeasuresCounts) {
  const Demand both = {.appraise = &kAnyRule, .measure = &kVerityRule};
  EXPECT_FALSE(Gathered(Index(true, false), both).list_measured);
  EXPECT_TRUE(Gathered(Index(false, true), both).list_measured);
  const Demand other = {.appraise = &kVerityRule, .measure = &kAnyRule};
  EXPECT_TRUE(Gathered(Index(true, false), other).list_measured);
  EXPECT_FALSE(Gathered(Index(false, false), other).list_measured);
  const Demand alike = {.appraise = &kVerityRule, .measure = &kVerityRule};
  EXPECT_FALSE(Gathered(Index(true, false), alike).list_measured);
  EXPECT_TRUE(Gathered(Index(false, true), alike).list_measured);
}

TEST(IsAppraisedTest, AListCountsByARuleThatMatchesForCertain) {
  LoadedList list{.sha256 = DigestOf("list")};
  list.name = "tlv-a";
  list.origin = "/l/tlv-a";
  const auto counts = [&list](const std::string& text) {
    return IsAppraised(testing::Parsed(text), list);
  };
  const std::string lists = "appraise func=DIGEST_LIST_CHECK ";
  for (const std::string unknown :
       {"fsname=ext4", "fsuuid=28b23254*", "exe=/a", "container=c", "fowner=0",
        "fsmagic=ef53"}) {
    EXPECT_FALSE(counts(lists + unknown + "\n")) << unknown;
    EXPECT_FALSE(counts("dont_" + lists + unknown + "\n" + lists + "\n"));
    EXPECT_TRUE(counts(lists + unknown + "\n" + lists + "\n"));
    EXPECT_FALSE(counts(lists + unknown + " list=b\n" + lists + "\n"));
  }
  list.file = ListFile{0, 0, 0xef53};
  EXPECT_TRUE(counts(lists + "fowner=0 fsmagic=ef53 path=/l/*\n"));
  EXPECT_FALSE(counts(lists + "fowner=5\n"));
}

TEST(PcrForListTest, IsThatOfTheRuleThatMatchesForCertain) {
  Use own;
  own.number(NumberFact::kFowner) = 0;
  const auto pcr = [&own](const std::string& text) {
    return PcrForList(testing::Parsed(text), own);
  };
  const std::string lists = "measure func=DIGEST_LIST_CHECK ";
  EXPECT_FALSE(pcr(lists + "fsname=ext4 pcr=9\n"));
  const auto found = pcr(lists + "fsname=ext4 pcr=9\n" + lists +
                         "fowner=0 pcr=10\n" + lists + "pcr=11\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->number, 10U);
  EXPECT_FALSE(pcr("dont_" + lists + "fowner=0\n" + lists + "\n"));
}

}  // namespace
}  // namespace assayfs
