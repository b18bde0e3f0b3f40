// SPDX-License-Identifier: Apache-2.0
// Chains of X.509 certificates that must, and must not, lead to a root.
#include "authority.h"
#include "support/results.h"
#include "trust/pkcs7_verifier.h"

namespace assayfs {
namespace {

using testing::Authority;
using ::testing::HasSubstr;
using testing::Must;

constexpr const char* kData = "the bytes that are signed";
constexpr const char* kIssuing =
    "basicConstraints=critical,CA:TRUE\n"
    "keyUsage=critical,keyCertSign,cRLSign\n";

class Pkcs7ChainsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Authority();
    authority_->MakeRoot("root", "rsa:2048");
  }
  static void TearDownTestSuite() { delete authority_; }

  // Signs by "leaf", which middle issues, with middle in the signature.
  static std::string SignBelow(const std::string& middle,
                               const std::vector<std::string>& more = {}) {
    authority_->MakeLeaf("leaf", middle);
    std::vector<std::string> options = {"-certfile",
                                        authority_->PathOf(middle + ".pem")};
    options.insert(options.end(), more.begin(), more.end());
    return authority_->Sign("leaf", kData, options);
  }
  static SignatureCheck Check(const std::string& trusted,
                              const std::string& signature) {
    Pkcs7Verifier verifier;
    Must(verifier.AddCertificate(authority_->Pem(trusted)));
    return verifier.Verify(AsBytes(kData), AsBytes(signature));
  }

  static Authority* authority_;
};
Authority* Pkcs7ChainsTest::authority_ = nullptr;

TEST_F(Pkcs7ChainsTest, IntermediateWithKeyUsageIsGood) {
  authority_->MakeLeaf("sound", "root", kIssuing);
  const auto check = Check("root", SignBelow("sound"));
  EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
}

TEST_F(Pkcs7ChainsTest, SignFileSignatureByALeafNeedsThatLeafInTheFolder) {
  authority_->MakeLeaf("module", "root", "extendedKeyUsage=codeSigning");
  const auto signature = authority_->SignLikeSignFile("module", kData);
  EXPECT_EQ(Check("module", signature).status, SignatureStatus::kGood);
  EXPECT_EQ(Check("root", signature).status, SignatureStatus::kNoKey);
}

TEST_F(Pkcs7ChainsTest, ExpiredIntermediateIsJudgedAtTheSigningTime) {
  authority_->MakeLeaf("old-middle", "root", kIssuing, {"-days", "-1"});
  const auto check = Check("root", SignBelow("old-middle"));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("expired"));
  EXPECT_EQ(Check("root", SignBelow("old-middle", {"-noattr"})).status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7ChainsTest, ExpiredRootIsJudgedAtTheSigningTime) {
  authority_->MakeLeaf("old-root", "old-root", kIssuing, {"-days", "-1"});
  authority_->MakeLeaf("below", "old-root");
  const auto check = Check("old-root", authority_->Sign("below", kData));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("expired"));
  EXPECT_EQ(
      Check("old-root", authority_->Sign("below", kData, {"-noattr"})).status,
      SignatureStatus::kGood);
}

TEST_F(Pkcs7ChainsTest, IntermediateThatMayNotIssueIsRejected) {
  authority_->MakeLeaf("not-issuing", "root",
                       "basicConstraints=critical,CA:TRUE\n"
                       "keyUsage=critical,digitalSignature\n");
  EXPECT_EQ(Check("root", SignBelow("not-issuing")).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7ChainsTest, ChainLongerThanItsIssuerAllowsIsRejected) {
  authority_->MakeLeaf("short", "root",
                       "basicConstraints=critical,CA:TRUE,pathlen:0\n");
  EXPECT_EQ(Check("root", SignBelow("short")).status, SignatureStatus::kGood);
  authority_->MakeLeaf("too-deep", "short", kIssuing);
  const testing::TempDir dir;
  const std::string both = dir.Write(
      "both.pem", authority_->Pem("too-deep") + authority_->Pem("short"));
  // Of two options the last one counts.
  const auto check = Check("root", SignBelow("too-deep", {"-certfile", both}));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("path length"));
}

TEST_F(Pkcs7ChainsTest, WeakIntermediateIsWeak) {
  authority_->MakeLeaf("short-key", "root", kIssuing, {}, "rsa:1024");
  EXPECT_EQ(Check("root", SignBelow("short-key")).status,
            SignatureStatus::kWeak);
  authority_->MakeLeaf("sha1-middle", "root", kIssuing, {"-sha1"});
  EXPECT_EQ(Check("root", SignBelow("sha1-middle")).status,
            SignatureStatus::kWeak);
}

TEST_F(Pkcs7ChainsTest, CertificateWithAnUnknownCriticalExtensionIsRejected) {
  authority_->MakeLeaf("odd", "root", "1.2.3.4.5=critical,ASN1:NULL");
  EXPECT_EQ(Check("root", authority_->Sign("odd", kData)).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7ChainsTest, NonRepudiationAloneIsNotForSigningCode) {
  authority_->MakeLeaf("notary", "root", "keyUsage=nonRepudiation");
  EXPECT_EQ(Check("root", authority_->Sign("notary", kData)).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7ChainsTest, EachKindOfKeyIsGood) {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    authority_->MakeRoot(
        "curve", "ec", {"-pkeyopt", "ec_paramgen_curve:" + std::string(curve)});
    EXPECT_EQ(
        Check("curve", authority_->SignLikeSignFile("curve", kData)).status,
        SignatureStatus::kGood)
        << curve;
  }
}

}  // namespace
}  // namespace assayfs
