// SPDX-License-Identifier: Apache-2.0
#include "appraise/check_list.h"

#include "support/fakes.h"

namespace assayfs {
namespace {

using namespace testing;  // NOLINT: the fakes and matchers of this project

class CheckListTest : public ::testing::Test {
 protected:
  Result<LoadedList> Check(std::string name, std::string bytes) {
    return CheckList({std::move(name), "/lists/x", ToVector(AsBytes(bytes))},
                     verifier_, rules_);
  }

  FakeVerifier verifier_;
  FakeMeasurer measurer_;
  ListRules rules_;
};

TEST_F(CheckListTest, AGoodListComesWithSignerAndDigestOfTheWholeFile) {
  const std::string bytes = SignedTlv("content", "/f");
  const auto list = Must(Check("tlv-x", bytes));
  EXPECT_TRUE(list.verified);
  EXPECT_FALSE(list.measured);
  EXPECT_EQ(list.signer.name, "Tester");
  EXPECT_EQ(list.sha256, DigestOf(bytes));
  ASSERT_EQ(list.files.size(), 1U);
  EXPECT_EQ(list.files.DigestOf(0), DigestOf("content"));
}

TEST_F(CheckListTest, TheWholeFileIsMeasured) {
  const std::string bytes = SignedTlv("content", "/f");
  auto list = Must(Check("tlv-x", bytes));
  Must(MeasureList(list, {}, measurer_));
  EXPECT_TRUE(list.measured);
  EXPECT_THAT(measurer_.paths(), ::testing::ElementsAre("/lists/x"));
  EXPECT_EQ(measurer_.digests()[0], DigestOf(bytes).Hex());
}

TEST_F(CheckListTest, RulesSayInWhichPcrItIsMeasured) {
  auto list = Must(Check("tlv-x", SignedTlv("content", "/f")));
  rules_.pcr_for = [](const std::string& origin, const auto&) {
    EXPECT_EQ(origin, "/lists/x");
    return std::optional(ListRules::Pcr{11});
  };
  list.origin = "/lists/x";
  Must(MeasureList(list, rules_, measurer_));
  EXPECT_TRUE(list.measured);
  EXPECT_THAT(measurer_.pcrs(), ::testing::ElementsAre(11U));
}

TEST_F(CheckListTest, WhatNoRuleMeasuresIsNotMeasured) {
  auto list = Must(Check("tlv-x", SignedTlv("content", "/f")));
  rules_.pcr_for = [](const auto&, const auto&) {
    return std::optional<ListRules::Pcr>();
  };
  Must(MeasureList(list, rules_, measurer_));
  EXPECT_FALSE(list.measured);
  EXPECT_TRUE(measurer_.paths().empty());
}

TEST_F(CheckListTest, AnErrorOfReadingIsPassedOn) {
  EXPECT_THAT(
      CheckList({"tlv-x", "/x", Fail(EFBIG, "too large")}, verifier_, rules_),
      FailsWith(EFBIG));
}

TEST_F(CheckListTest, AWrongNameIsRefused) {
  EXPECT_THAT(Check("zip-x", SignedTlv("c", "/f")), FailsWith(EINVAL));
}

TEST_F(CheckListTest, AnUnsignedListIsRefused) {
  const auto payload = WriteTlv({{DigestOf("c"), "/f", {}}});
  EXPECT_THAT(Check("tlv-x", std::string(AsText(payload))),
              FailsSaying(ENOKEY, "unsigned"));
}

TEST_F(CheckListTest, ASignatureByAnUnknownKeyIsRefused) {
  EXPECT_THAT(Check("tlv-x", SignedTlv("c", "/f", "other")),
              FailsSaying(ENOKEY, "no key: key 1234"));
}

TEST_F(CheckListTest, ABadSignatureIsRefused) {
  EXPECT_THAT(Check("tlv-x", SignedTlv("c", "/f", "forged")),
              FailsSaying(EKEYREJECTED, "bad signature"));
}

TEST_F(CheckListTest, NothingIsParsedBeforeItIsVerified) {
  const ByteVector junk = AppendSignature(
      AsBytes("not a list"), SignatureFormat::kPkcs7, AsBytes("forged"));
  EXPECT_THAT(Check("tlv-x", std::string(AsText(junk))),
              FailsWith(EKEYREJECTED));
}

TEST_F(CheckListTest, AListThatIsSignedButNoListIsRefused) {
  const ByteVector junk = AppendSignature(
      AsBytes("not a list"), SignatureFormat::kPkcs7, AsBytes("good"));
  EXPECT_THAT(Check("tlv-x", std::string(AsText(junk))), FailsWith(EBADMSG));
}

TEST_F(CheckListTest, AListThatCannotBeMeasuredIsRefused) {
  measurer_.failing = true;
  auto list = Must(Check("tlv-x", SignedTlv("c", "/f")));
  EXPECT_THAT(MeasureList(list, {}, measurer_),
              FailsSaying(EIO, "not measured: the TPM is on fire"));
  EXPECT_FALSE(list.measured);
}

TEST_F(CheckListTest, WeakDigestsAreRefusedUnlessAllowed) {
  const auto md5 = SignedTlv("c", "/f", "good", HashAlgorithm::kMd5);
  EXPECT_THAT(Check("tlv-x", md5), FailsSaying(EOPNOTSUPP, "md5"));
  rules_.allow_weak = true;
  EXPECT_TRUE(Check("tlv-x", md5).has_value());
}

TEST_F(CheckListTest, WithoutRequiredSignaturesAListIsMarkedUnverified) {
  rules_.require_signature = false;
  EXPECT_FALSE(Must(Check("tlv-x", SignedTlv("c", "/f", "forged"))).verified);
}

class CheckListSignatureTest : public CheckListTest {
 protected:
  Result<std::string> Payload(std::string name, const std::string& bytes) {
    const RawList raw{std::move(name), "/lists/x", ToVector(AsBytes(bytes))};
    const auto payload = CheckListSignature(raw, verifier_);
    if (!payload) return Fail(payload.error());
    EXPECT_EQ(payload->signer.name, "Tester");
    return std::string(AsText(payload->bytes));
  }
};

TEST_F(CheckListSignatureTest, GivesThePayloadUnparsed) {
  const ByteVector junk = AppendSignature(
      AsBytes("not a list"), SignatureFormat::kPkcs7, AsBytes("good"));
  EXPECT_EQ(Must(Payload("rpm-x", std::string(AsText(junk)))), "not a list");
}

TEST_F(CheckListSignatureTest, FailsAsTheStepsOfAListDo) {
  EXPECT_THAT(
      CheckListSignature({"tlv-x", "/x", Fail(EFBIG, "too large")}, verifier_),
      FailsWith(EFBIG));
  EXPECT_THAT(Payload("zip-x", SignedTlv("c", "/f")), FailsWith(EINVAL));
  EXPECT_THAT(Payload("tlv-x", "unsigned"), FailsSaying(ENOKEY, "unsigned"));
  EXPECT_THAT(Payload("tlv-x", SignedTlv("c", "/f", "other")),
              FailsSaying(ENOKEY, "no key"));
  EXPECT_THAT(Payload("tlv-x", SignedTlv("c", "/f", "forged")),
              FailsWith(EKEYREJECTED));
}

}  // namespace
}  // namespace assayfs
