// SPDX-License-Identifier: Apache-2.0
#include "trust/pkcs7_verifier.h"

#include <latch>
#include <thread>

#include "authority.h"
#include "command.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::Authority;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::Must;
using testing::MustRun;
using testing::ReadText;
using ::testing::SizeIs;

constexpr const char* kData = "the bytes that are signed";

class Pkcs7VerifierTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Authority();
    authority_->MakeRoot("root", "rsa:2048");
    authority_->MakeRoot("stranger", "rsa:2048");
  }
  static void TearDownTestSuite() { delete authority_; }

  // What a verifier that trusts these says about a signature over kData.
  static SignatureCheck Check(const std::vector<std::string>& trusted,
                              const std::string& signature,
                              const std::string& data = kData) {
    Pkcs7Verifier verifier;
    for (const std::string& name : trusted) {
      EXPECT_TRUE(verifier.AddCertificate(authority_->Pem(name)));
    }
    return verifier.Verify(AsBytes(data), AsBytes(signature));
  }

  static Authority* authority_;
};
Authority* Pkcs7VerifierTest::authority_ = nullptr;

TEST_F(Pkcs7VerifierTest, SignFileSignatureIsGood) {
  const auto check =
      Check({"root"}, authority_->SignLikeSignFile("root", kData));
  EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
  EXPECT_THAT(check.signer.fingerprint, SizeIs(64));
  EXPECT_EQ(check.signer.name, "CN = root");
}

TEST_F(Pkcs7VerifierTest, SignFileSignatureWithKeyIdIsGood) {
  const auto signature = authority_->Sign(
      "root", kData, {"-nocerts", "-noattr", "-keyid", "-md", "sha256"});
  EXPECT_EQ(Check({"stranger", "root"}, signature).status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, SignatureWithCertificateAndAttributesIsGood) {
  EXPECT_EQ(Check({"root"}, authority_->Sign("root", kData)).status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, TakesEveryStrongDigestAndEcdsa) {
  for (const char* digest : {"sha256", "sha384", "sha512"}) {
    const auto signature = authority_->Sign("root", kData, {"-md", digest});
    EXPECT_EQ(Check({"root"}, signature).status, SignatureStatus::kGood)
        << digest;
  }
  authority_->MakeRoot("curve", "ec", {"-pkeyopt", "ec_paramgen_curve:P-256"});
  EXPECT_EQ(
      Check({"curve"}, authority_->SignLikeSignFile("curve", kData)).status,
      SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, NoBytesCanBeSigned) {
  EXPECT_EQ(Check({"root"}, authority_->Sign("root", ""), "").status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, ChainToTheRootIsGood) {
  authority_->MakeLeaf("middle", "root", "basicConstraints=critical,CA:TRUE");
  authority_->MakeLeaf("leaf", "middle",
                       "keyUsage=digitalSignature\n"
                       "extendedKeyUsage=codeSigning");
  const auto signature = authority_->Sign(
      "leaf", kData, {"-certfile", authority_->PathOf("middle.pem")});
  const auto check = Check({"root"}, signature);
  EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
  EXPECT_EQ(check.signer.name, "CN = leaf");
  // What stands above a trusted certificate does not matter.
  EXPECT_EQ(Check({"middle"}, signature).status, SignatureStatus::kGood);
  // Without the one in between, there is no way to the root.
  EXPECT_EQ(Check({"root"}, authority_->Sign("leaf", kData)).status,
            SignatureStatus::kNoKey);
}

TEST_F(Pkcs7VerifierTest, LeafWithoutKeyUsageIsGood) {
  authority_->MakeLeaf("plain", "root");
  EXPECT_EQ(Check({"root"}, authority_->Sign("plain", kData)).status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, StrangersHaveNoKey) {
  EXPECT_EQ(Check({"root"}, authority_->Sign("stranger", kData)).status,
            SignatureStatus::kNoKey);
  EXPECT_EQ(
      Check({"root"}, authority_->SignLikeSignFile("stranger", kData)).status,
      SignatureStatus::kNoKey);
  EXPECT_EQ(Check({}, authority_->Sign("root", kData)).status,
            SignatureStatus::kNoKey);
}

TEST_F(Pkcs7VerifierTest, RootOfTheSameNameIsAStranger) {
  Authority other;
  other.MakeRoot("root", "rsa:2048");
  EXPECT_EQ(Check({"root"}, other.Sign("root", kData)).status,
            SignatureStatus::kNoKey);
}

TEST_F(Pkcs7VerifierTest, ChangedBytesAreBad) {
  for (const std::string& signature :
       {authority_->Sign("root", kData),
        authority_->SignLikeSignFile("root", kData)}) {
    const auto check = Check({"root"}, signature, "other bytes");
    EXPECT_EQ(check.status, SignatureStatus::kBad);
    EXPECT_EQ(check.signer.fingerprint, "");
  }
}

TEST_F(Pkcs7VerifierTest, WeakDigestIsWeak) {
  for (const char* digest : {"sha1", "sha224", "md5"}) {
    const auto signature = authority_->Sign("root", kData, {"-md", digest});
    EXPECT_EQ(Check({"root"}, signature).status, SignatureStatus::kWeak)
        << digest;
  }
}

TEST_F(Pkcs7VerifierTest, ShortKeyIsWeak) {
  authority_->MakeRoot("short", "rsa:1024");
  EXPECT_EQ(
      Check({"short"}, authority_->SignLikeSignFile("short", kData)).status,
      SignatureStatus::kWeak);
  authority_->MakeLeaf("short-leaf", "root", "", {}, "rsa:1024");
  EXPECT_EQ(Check({"root"}, authority_->Sign("short-leaf", kData)).status,
            SignatureStatus::kWeak);
}

TEST_F(Pkcs7VerifierTest, Sha1InTheChainIsWeak) {
  authority_->MakeLeaf("sha1-leaf", "root", "", {"-sha1"});
  EXPECT_EQ(Check({"root"}, authority_->Sign("sha1-leaf", kData)).status,
            SignatureStatus::kWeak);
}

TEST_F(Pkcs7VerifierTest, KeyForOtherUsesIsRejected) {
  authority_->MakeLeaf("encipher", "root", "keyUsage=keyEncipherment");
  const auto check = Check({"root"}, authority_->Sign("encipher", kData));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("not for signing code"));
}

TEST_F(Pkcs7VerifierTest, ServerCertificateIsRejectedUnlessTrustedItself) {
  authority_->MakeLeaf("server", "root", "extendedKeyUsage=serverAuth");
  const auto signature = authority_->Sign("server", kData);
  EXPECT_EQ(Check({"root"}, signature).status, SignatureStatus::kKeyRejected);
  EXPECT_EQ(Check({"server"}, signature).status, SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, LeafCannotIssueCertificates) {
  authority_->MakeLeaf("no-authority", "root", "basicConstraints=CA:FALSE");
  authority_->MakeLeaf("forged", "no-authority");
  const auto signature = authority_->Sign(
      "forged", kData, {"-certfile", authority_->PathOf("no-authority.pem")});
  EXPECT_EQ(Check({"root"}, signature).status, SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7VerifierTest, ExpiryIsJudgedAtTheSigningTime) {
  authority_->MakeLeaf("expired", "root", "", {"-days", "-1"});
  const auto with_time = Check({"root"}, authority_->Sign("expired", kData));
  EXPECT_EQ(with_time.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(with_time.detail, HasSubstr("expired"));
  const auto without_time =
      Check({"root"}, authority_->Sign("expired", kData, {"-noattr"}));
  EXPECT_EQ(without_time.status, SignatureStatus::kGood);
}

TEST_F(Pkcs7VerifierTest, EmbeddedContentIsMalformed) {
  const auto check =
      Check({"root"}, authority_->Sign("root", kData, {"-nodetach"}));
  EXPECT_EQ(check.status, SignatureStatus::kMalformed);
  EXPECT_THAT(check.detail, HasSubstr("content of its own"));
}

TEST_F(Pkcs7VerifierTest, SeveralSignersAreMalformed) {
  const auto signature =
      authority_->Sign("root", kData,
                       {"-signer", authority_->PathOf("stranger.pem"), "-inkey",
                        authority_->PathOf("stranger.key")});
  EXPECT_EQ(Check({"root", "stranger"}, signature).status,
            SignatureStatus::kMalformed);
}

TEST_F(Pkcs7VerifierTest, UnknownDigestIsMalformed) {
  const auto signature =
      authority_->Sign("root", kData, {"-md", "sha3-256", "-noattr"});
  EXPECT_EQ(Check({"root"}, signature).status, SignatureStatus::kMalformed);
}

TEST_F(Pkcs7VerifierTest, WhatIsNoSignatureIsMalformed) {
  const std::string good = authority_->SignLikeSignFile("root", kData);
  for (const std::string& bytes :
       {std::string(), std::string("no signature"), good + "x",
        good.substr(0, good.size() - 1), std::string((1 << 20) + 1, '0')}) {
    EXPECT_EQ(Check({"root"}, bytes).status, SignatureStatus::kMalformed)
        << bytes.size();
  }
}

TEST_F(Pkcs7VerifierTest, OtherCmsContentIsMalformed) {
  const std::string out = authority_->PathOf("digested");
  MustRun({"openssl", "cms", "-digest_create", "-binary", "-md", "sha256",
           "-outform", "DER", "-out", out},
          kData);
  EXPECT_EQ(Check({"root"}, ReadText(out)).status, SignatureStatus::kMalformed);
}

TEST_F(Pkcs7VerifierTest, AddCertificateRefusesOtherThings) {
  Pkcs7Verifier verifier;
  EXPECT_THAT(verifier.AddCertificate("no certificate"), FailsWith(EBADMSG));
  EXPECT_EQ(verifier.size(), 0u);
}

TEST_F(Pkcs7VerifierTest, ACertificateCountsOnce) {
  Pkcs7Verifier verifier;
  for (const char* name : {"root", "root", "stranger"}) {
    EXPECT_TRUE(verifier.AddCertificate(authority_->Pem(name)));
  }
  EXPECT_EQ(verifier.size(), 2u);
}

TEST_F(Pkcs7VerifierTest, FirstSignaturesAreVerifiedAtOnce) {
  const auto signature = authority_->SignLikeSignFile("root", kData);
  for (int round = 0; round < 50; ++round) {
    Pkcs7Verifier verifier;
    ASSERT_TRUE(verifier.AddCertificate(authority_->Pem("root")));
    std::latch start(2);
    const auto verify = [&] {
      start.arrive_and_wait();
      EXPECT_EQ(verifier.Verify(AsBytes(kData), AsBytes(signature)).status,
                SignatureStatus::kGood);
    };
    std::jthread other(verify);
    verify();
  }
}

}  // namespace
}  // namespace assayfs
