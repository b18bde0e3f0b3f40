// SPDX-License-Identifier: Apache-2.0
// Pkcs7Signer with keys in a token, which SoftHSM plays.
#include <gtest/gtest.h>

#include <string>

#include "authority.h"
#include "command.h"
#include "support/results.h"
#include "support/soft_hsm.h"
#include "support/temp_dir.h"
#include "trust/pkcs7_signer.h"
#include "trust/pkcs7_verifier.h"

namespace assayfs {
namespace {

using testing::Authority;
using testing::FailsSaying;
using testing::Must;
using testing::SoftHsm;
using testing::TempDir;

class Pkcs7TokenTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!SoftHsm::Available()) return;
    authority_ = new Authority();
    authority_->MakeRoot("rsa", "rsa:2048");
    authority_->MakeRoot("ec", "ec", {"-pkeyopt", "ec_paramgen_curve:P-256"});
    authority_->MakeRoot("other", "ec",
                         {"-pkeyopt", "ec_paramgen_curve:P-256"});
  }
  static void TearDownTestSuite() { delete authority_; }

  void SetUp() override {
    if (!SoftHsm::Available()) {
      GTEST_SKIP() << "no SoftHSM; run scripts/install-deps.sh check";
    }
    ASSERT_TRUE(hsm_.AddToken("site"));
    ASSERT_TRUE(hsm_.AddKey("site", Path("rsa.key"), "rsa", "01"));
    ASSERT_TRUE(hsm_.AddKey("site", Path("ec.key"), "ec", "02"));
  }

  static std::string Path(const std::string& name) {
    return authority_->PathOf(name);
  }
  static Result<Pkcs7Signer> Load(const std::string& parts,
                                  const std::string& certificate) {
    return Pkcs7Signer::Load(SoftHsm::Uri(parts), Path(certificate));
  }
  // Says whether `openssl cms` takes signature for one over content.
  bool OpensslVerifies(Bytes signature, const std::string& content,
                       const std::string& certificate) {
    return testing::Run({"openssl", "cms", "-verify", "-binary", "-inform",
                         "DER", "-in",
                         dir_.Write("signature", AsText(signature)), "-purpose",
                         "any", "-CAfile", Path(certificate), "-content",
                         dir_.Write("content", content)})
               .status == 0;
  }
  static SignatureStatus Check(const std::string& name, Bytes bytes,
                               Bytes signature) {
    Pkcs7Verifier verifier;
    Must(verifier.AddCertificate(authority_->Pem(name)));
    return verifier.Verify(bytes, signature).status;
  }

  static Authority* authority_;
  SoftHsm hsm_;
  TempDir dir_;
};

Authority* Pkcs7TokenTest::authority_ = nullptr;

TEST_F(Pkcs7TokenTest, OthersVerifyWhatItSigns) {
  for (const std::string name : {"rsa", "ec"}) {
    const auto signer =
        Must(Load("token=site;type=private;object=" + name, name + ".pem"));
    for (const std::string text : {"one\n", "two\n", ""}) {
      const auto signature = Must(signer.Sign(AsBytes(text)));
      EXPECT_TRUE(OpensslVerifies(signature, text, name + ".pem")) << name;
      EXPECT_FALSE(OpensslVerifies(signature, "x" + text, name + ".pem"));
      EXPECT_EQ(Check(name, AsBytes(text), signature), SignatureStatus::kGood);
      EXPECT_NE(Check(name, AsBytes("x" + text), signature),
                SignatureStatus::kGood);
    }
  }
}

TEST_F(Pkcs7TokenTest, TheSignatureIsThatOfTheSameKeyInAFile) {
  const auto in_token = Must(Load("token=site;object=rsa", "rsa.pem"));
  const auto in_file =
      Must(Pkcs7Signer::Load(Path("rsa.key"), Path("rsa.pem")));
  // RSA signatures have nothing random in them.
  EXPECT_EQ(Must(in_token.Sign(AsBytes("x"))),
            Must(in_file.Sign(AsBytes("x"))));
}

TEST_F(Pkcs7TokenTest, P11KitKnowsTheModule) {
  const auto signer = Pkcs7Signer::Load(
      "pkcs11:token=site;object=ec?pin-value=1234", Path("ec.pem"));
  EXPECT_TRUE(signer) << signer.error().message();
}

TEST_F(Pkcs7TokenTest, KeyAndCertificateMustBelongTogether) {
  for (const char* certificate : {"other.pem", "rsa.pem"}) {
    const auto signer = Load("token=site;object=ec", certificate);
    EXPECT_THAT(signer, FailsSaying(EINVAL, "not the key of the certificate"));
    EXPECT_EQ(signer.error().message().find("1234"), std::string::npos);
  }
}

TEST_F(Pkcs7TokenTest, TheCertificateIsReadBeforeThePinIsTried) {
  EXPECT_THAT(Pkcs7Signer::Load(SoftHsm::Uri("token=site;object=ec", "0000"),
                                dir_ / "missing"),
              FailsSaying(ENOENT, "missing"));
}

TEST_F(Pkcs7TokenTest, AWrongPinDoesNoHarmToTheNextTry) {
  EXPECT_THAT(Pkcs7Signer::Load(SoftHsm::Uri("token=site;object=ec", "0000"),
                                Path("ec.pem")),
              FailsSaying(EACCES, "wrong PIN"));
  EXPECT_TRUE(Load("token=site;object=ec", "ec.pem"));
}

TEST_F(Pkcs7TokenTest, SeveralMatchesAreToldApart) {
  ASSERT_TRUE(hsm_.AddKey("site", Path("other.key"), "ec", "03"));
  EXPECT_THAT(Load("token=site;object=ec", "other.pem"),
              FailsSaying(EINVAL, "several private keys"));
  EXPECT_TRUE(Load("token=site;object=ec;id=%03", "other.pem"));
  ASSERT_TRUE(hsm_.AddToken("second"));
  EXPECT_THAT(Load("object=ec;id=%03", "other.pem"),
              FailsSaying(EINVAL, "several tokens"));
}

TEST_F(Pkcs7TokenTest, NothingMatches) {
  EXPECT_THAT(Load("token=other;object=ec", "ec.pem"),
              FailsSaying(ENODEV, "no token"));
  EXPECT_THAT(Load("token=site;object=other", "ec.pem"),
              FailsSaying(ENOENT, "no private key"));
}

TEST_F(Pkcs7TokenTest, ATokenThatIsPulledOutFails) {
  const auto signer = Must(Load("token=site;object=ec", "ec.pem"));
  hsm_.RemoveTokens();
  EXPECT_THAT(signer.Sign(AsBytes("x")), FailsSaying(EIO, "the token failed"));
}

}  // namespace
}  // namespace assayfs
