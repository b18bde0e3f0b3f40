// SPDX-License-Identifier: Apache-2.0
// Uses of content, decided without a file.
#include "app/uses/decide_use.h"

#include <gmock/gmock.h>

#include "logged_uses.h"
#include "support/policies.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kLists = "appraise func=DIGEST_LIST_CHECK\n";

class DecideUseTest : public ::testing::Test {
 protected:
  UseDecision Decided(const std::string& rules, const KnownFile& file) {
    policy_ = Parsed(kLists + rules);
    Use use;
    use.text(TextFact::kPath) = file.paths;
    use.elf = false;
    return DecideUse(policy_, *index_, Match(policy_, use), file, Owners{});
  }

  static KnownFile File(std::string_view content) {
    KnownFile file;
    file.digests = {DigestOf(content)};
    file.paths = {"/usr/bin/a", "/bin/a"};
    file.comparable = {.path = true, .mode = true, .owner = true};
    file.attributes.info.st_mode = 0100644;
    return file;
  }

  Policy policy_;
  std::shared_ptr<const DigestIndex> index_ = IndexOf({SignedList(
      "rpm-a",
      PackageOf("a").File("/bin/a", DigestOf("a").Hex(), 0100644).Build())});
};

TEST_F(DecideUseTest, WhatAListKnowsIsAllowed) {
  const auto decided = Decided("appraise\n", File("a"));
  EXPECT_EQ(decided.decision.verdict, Verdict::kAllow);
  EXPECT_TRUE(decided.appraised);
  EXPECT_EQ(decided.grounds.known.size(), 1u);
}

TEST_F(DecideUseTest, OtherContentOfAListedPathIsModified) {
  const auto decided = Decided("appraise\n", File("b"));
  EXPECT_EQ(decided.decision.verdict, Verdict::kDeny);
  EXPECT_EQ(decided.decision.reason, Reason::kModified);
}

TEST_F(DecideUseTest, WithoutRulesNothingIsJudged) {
  const auto decided = Decided("", File("b"));
  EXPECT_EQ(decided.decision.verdict, Verdict::kUnjudged);
  EXPECT_FALSE(decided.appraised);
}

TEST_F(DecideUseTest, WhatWasInTheWayOfReadingDecides) {
  auto file = File("a");
  file.writer_active = true;
  EXPECT_EQ(Decided("appraise\n", file).decision.reason, Reason::kWriterActive);
  file = File("a");
  file.failed = true;
  EXPECT_EQ(Decided("appraise\n", file).decision.verdict, Verdict::kError);
  file = File("a");
  file.regular = false;
  EXPECT_EQ(Decided("appraise\n", file).decision.reason, Reason::kNotRegular);
}

TEST_F(DecideUseTest, OneOfThePathsMustBeTheListedOne) {
  EXPECT_EQ(Decided("appraise bind=path\n", File("a")).decision.verdict,
            Verdict::kAllow);
  auto file = File("a");
  file.paths = {"/usr/bin/b"};
  const auto decided = Decided("appraise bind=path\n", file);
  EXPECT_EQ(decided.decision.reason, Reason::kPathMismatch);
  EXPECT_EQ(decided.grounds.detail, "list rpm-a gives it the path /bin/a");
}

TEST_F(DecideUseTest, ModeAndOwnerAreCompared) {
  EXPECT_EQ(Decided("appraise bind=mode,owner\n", File("a")).decision.verdict,
            Verdict::kAllow);
  auto file = File("a");
  file.attributes.info.st_mode = 0100600;
  EXPECT_EQ(Decided("appraise bind=mode\n", file).decision.reason,
            Reason::kMetadataMismatch);
  file = File("a");
  file.attributes.info.st_uid = 1;
  EXPECT_EQ(Decided("appraise bind=owner\n", file).decision.reason,
            Reason::kMetadataMismatch);
}

TEST_F(DecideUseTest, WhatIsNotKnownIsNotCompared) {
  auto file = File("a");
  file.attributes.info.st_mode = 0100600;
  file.comparable = {.path = true};
  const auto decided = Decided("appraise bind=path,mode,caps\n", file);
  EXPECT_EQ(decided.decision.verdict, Verdict::kAllow);
  EXPECT_TRUE(decided.not_compared.mode);
  EXPECT_TRUE(decided.not_compared.caps);
  EXPECT_FALSE(decided.not_compared.path);
  EXPECT_FALSE(decided.not_compared.owner);
}

TEST_F(DecideUseTest, RecordsAreDueAsInAMount) {
  const auto decided = Decided("measure pcr=11\nappraise\naudit\n", File("a"));
  EXPECT_TRUE(decided.audit);
  ASSERT_EQ(decided.measures.size(), 1u);
  EXPECT_EQ(decided.measures.front()->terms.pcr, 11u);
}

TEST_F(DecideUseTest, AlgorithmsOfListsMayBeMissing) {
  EXPECT_THAT(MissingAlgorithms(*index_, {}, {}),
              ElementsAre(HashAlgorithm::kSha256));
  EXPECT_THAT(MissingAlgorithms(*index_, {}, {DigestOf("a")}), IsEmpty());
  EXPECT_THAT(MissingAlgorithms(*IndexOf({}), {}, {}), IsEmpty());
  const auto revoked = IndexOf(
      {}, "digest " + DigestOf("x", HashAlgorithm::kSha512).ToString() + "\n");
  EXPECT_THAT(MissingAlgorithms(*revoked, {}, {DigestOf("a")}),
              ElementsAre(HashAlgorithm::kSha512));
}

TEST_F(DecideUseTest, AlgorithmsThatDoNotCountAreNotMissing) {
  policy_ = Parsed(std::string(kLists) + "appraise appraise_algos=sha512\n");
  Use use;
  const DemandList demands = Match(policy_, use);
  EXPECT_THAT(MissingAlgorithms(*index_, demands.all(), {}), IsEmpty());
}

}  // namespace
}  // namespace assayfs
