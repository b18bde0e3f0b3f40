// SPDX-License-Identifier: Apache-2.0
// That Keyring accepts the signatures is in unit/app/lists_sign_test.cc.
#include "trust/pkcs7_signer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

class Pkcs7SignerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(MakeKey(key_, certificate_)); }

  static bool Openssl(const std::string& arguments) {
    return std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) ==
           0;
  }
  static bool MakeKey(const std::string& key, const std::string& certificate) {
    return Openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 "
        "-subj /CN=Tester -keyout " +
        key + " -out " + certificate);
  }

  TempDir dir_;
  std::string key_ = dir_ / "key.pem";
  std::string certificate_ = dir_ / "cert.pem";
};

TEST_F(Pkcs7SignerTest, OpensslVerifiesWhatItSigns) {
  const auto signer = Must(Pkcs7Signer::Load(key_, certificate_));
  const auto signature = Must(signer.Sign(AsBytes("payload\n")));
  dir_.Write("signature", AsText(signature));
  dir_.Write("content", "payload\n");
  dir_.Write("other", "Payload\n");
  const std::string verify = "cms -verify -binary -inform DER -in " +
                             dir_ / "signature" + " -purpose any -CAfile " +
                             certificate_ + " -content ";
  EXPECT_TRUE(Openssl(verify + dir_ / "content"));
  EXPECT_FALSE(Openssl(verify + dir_ / "other"));
}

TEST_F(Pkcs7SignerTest, CertificatesAfterTheFirstGoAlong) {
  const auto other = dir_ / "other-cert.pem";
  ASSERT_TRUE(MakeKey(dir_ / "other.pem", other));
  const std::string chain =
      dir_.Write("chain.pem", ReadText(certificate_) + ReadText(other));
  const auto alone = Must(Pkcs7Signer::Load(key_, certificate_));
  const auto both = Must(Pkcs7Signer::Load(key_, chain));
  EXPECT_GT(Must(both.Sign(AsBytes("x"))).size(),
            Must(alone.Sign(AsBytes("x"))).size() + 500);
}

TEST_F(Pkcs7SignerTest, NamesAMissingFile) {
  EXPECT_THAT(Pkcs7Signer::Load(dir_ / "missing", certificate_),
              FailsSaying(ENOENT, "missing"));
  EXPECT_THAT(Pkcs7Signer::Load(key_, dir_ / "missing"),
              FailsSaying(ENOENT, "missing"));
}

TEST_F(Pkcs7SignerTest, RefusesWhatIsNoKeyOrCertificate) {
  EXPECT_THAT(Pkcs7Signer::Load(certificate_, certificate_),
              FailsSaying(EBADMSG, "not a private key"));
  EXPECT_THAT(Pkcs7Signer::Load(key_, key_),
              FailsSaying(EBADMSG, "not a certificate"));
}

TEST_F(Pkcs7SignerTest, RefusesAKeyThatIsNotTheCertificates) {
  const auto other = dir_ / "other.pem";
  ASSERT_TRUE(
      Openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 "
              "-out " +
              other));
  EXPECT_THAT(Pkcs7Signer::Load(other, certificate_), FailsWith(EINVAL));
}

}  // namespace
}  // namespace assayfs
