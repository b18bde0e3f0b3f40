// SPDX-License-Identifier: Apache-2.0
// CRLs through Pkcs7Verifier, which is the one that uses them.
#include "trust/pkcs7_crls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <memory>
#include <span>

#include "authority.h"
#include "command.h"
#include "support/results.h"
#include "trust/pkcs7_verifier.h"

namespace assayfs {
namespace {

using testing::Authority;
using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Must;
using testing::MustRun;

constexpr const char* kData = "the bytes that are signed";

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

class Pkcs7CrlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Authority();
    authority_->MakeRoot("root", "rsa:2048");
    authority_->MakeRoot("stranger", "rsa:2048");
    authority_->MakeLeaf("middle", "root", "basicConstraints=critical,CA:TRUE");
    authority_->MakeLeaf("leaf", "middle");
    authority_->MakeLeaf("direct", "root");
    by_leaf_ = new std::string(authority_->Sign(
        "leaf", kData, {"-certfile", authority_->PathOf("middle.pem")}));
    by_direct_ = new std::string(authority_->Sign("direct", kData));
  }
  static void TearDownTestSuite() {
    delete by_direct_;
    delete by_leaf_;
    delete authority_;
  }

  static Pkcs7Verifier Verifier(const std::vector<std::string>& trusted,
                                const std::vector<std::string>& crls) {
    Pkcs7Verifier verifier;
    // The order of files in a folder says nothing: CRLs may come first.
    for (const std::string& crl : crls) {
      Must(verifier.AddCrl(AsBytes(crl), "here.crl"));
    }
    for (const std::string& name : trusted) {
      Must(verifier.AddCertificate(authority_->Pem(name)));
    }
    return verifier;
  }
  static SignatureCheck Check(const Pkcs7Verifier& verifier,
                              const std::string& signature) {
    return verifier.Verify(AsBytes(kData), AsBytes(signature));
  }

  static Authority* authority_;
  static std::string* by_leaf_;
  static std::string* by_direct_;
};
Authority* Pkcs7CrlsTest::authority_ = nullptr;
std::string* Pkcs7CrlsTest::by_leaf_ = nullptr;
std::string* Pkcs7CrlsTest::by_direct_ = nullptr;

TEST_F(Pkcs7CrlsTest, RevokedSignerIsRejectedByItsSerialNumber) {
  const auto verifier =
      Verifier({"root"}, {authority_->MakeCrl("root", {"direct"})});
  const auto check = Check(verifier, *by_direct_);
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail,
              HasSubstr("\"CN = direct\", serial " +
                        Lower(authority_->SerialOf("direct")) + ": revoked"));
  EXPECT_THAT(verifier.StrayCrls(), IsEmpty());
  // What it does not list stays good.
  EXPECT_EQ(Check(verifier, *by_leaf_).status, SignatureStatus::kGood);
}

TEST_F(Pkcs7CrlsTest, EmptyCrlRevokesNothing) {
  const auto verifier = Verifier({"root"}, {authority_->MakeCrl("root", {})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kGood);
}

TEST_F(Pkcs7CrlsTest, RevocationCountsAlsoWithoutASigningTime) {
  authority_->MakeLeaf("timeless", "root");
  const auto verifier =
      Verifier({"root"}, {authority_->MakeCrl("root", {"timeless"})});
  EXPECT_EQ(
      Check(verifier, authority_->Sign("timeless", kData, {"-noattr"})).status,
      SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, RevokedIntermediateTakesItsSignersAlong) {
  const auto check = Check(
      Verifier({"root"}, {authority_->MakeCrl("root", {"middle"})}), *by_leaf_);
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("CN = middle"));
}

TEST_F(Pkcs7CrlsTest, CrlOfAnIntermediateInTheSignatureCounts) {
  const auto verifier =
      Verifier({"root"}, {authority_->MakeCrl("middle", {"leaf"})});
  EXPECT_EQ(Check(verifier, *by_leaf_).status, SignatureStatus::kKeyRejected);
  // Nobody can tell yet who signed it.
  EXPECT_THAT(verifier.StrayCrls(), ElementsAre(HasSubstr("here.crl: no ")));
}

TEST_F(Pkcs7CrlsTest, TrustedCertificateCanBeRevokedByATrustedIssuer) {
  const auto verifier =
      Verifier({"root", "direct"}, {authority_->MakeCrl("root", {"direct"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kKeyRejected);
  EXPECT_EQ(
      Check(verifier, authority_->SignLikeSignFile("direct", kData)).status,
      SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, RootCanRevokeItself) {
  const auto verifier =
      Verifier({"root"}, {authority_->MakeCrl("root", {"root"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, CrlOfAnotherIssuerRevokesNothing) {
  const auto verifier =
      Verifier({"root"}, {authority_->MakeCrl("stranger", {"direct"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kGood);
  EXPECT_THAT(verifier.StrayCrls(), ElementsAre(HasSubstr("no trusted")));
  // Also if it is trusted: it may withdraw what it issued, and no more.
  EXPECT_EQ(Check(Verifier({"root", "stranger"},
                           {authority_->MakeCrl("stranger", {"direct"})}),
                  *by_direct_)
                .status,
            SignatureStatus::kGood);
}

TEST_F(Pkcs7CrlsTest, CrlOfAnIssuerOfTheSameNameRevokesNothing) {
  Authority other;
  other.MakeRoot("root", "rsa:2048");
  other.MakeLeaf("direct", "root", "",
                 {"-set_serial", "0x" + authority_->SerialOf("direct")});
  const auto verifier = Verifier({"root"}, {other.MakeCrl("root", {"direct"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kGood);
  EXPECT_THAT(verifier.StrayCrls(), ElementsAre(HasSubstr("no trusted")));
}

TEST_F(Pkcs7CrlsTest, CrlWhoseTimeHasPassedCountsOn) {
  const auto verifier = Verifier(
      {"root"}, {authority_->MakeCrl("root", {"direct"}, "",
                                     {"-crl_lastupdate", "20200101000000Z",
                                      "-crl_nextupdate", "20200201000000Z"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kKeyRejected);
  EXPECT_EQ(Check(verifier, *by_leaf_).status, SignatureStatus::kGood);
  EXPECT_THAT(verifier.StrayCrls(), IsEmpty());
}

TEST_F(Pkcs7CrlsTest, CrlFromTheFutureCounts) {
  const auto verifier = Verifier(
      {"root"}, {authority_->MakeCrl("root", {"direct"}, "",
                                     {"-crl_lastupdate", "20900101000000Z",
                                      "-crl_nextupdate", "20910101000000Z"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, CrlWithAWeakHashCounts) {
  const auto verifier = Verifier(
      {"root"}, {authority_->MakeCrl("root", {"direct"}, "", {"-md", "sha1"})});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, DamagedCrlRevokesNothingAndIsAStray) {
  std::string der =
      MustRun({"openssl", "crl", "-outform", "DER", "-in", "/dev/stdin"},
              authority_->MakeCrl("root", {"direct"}));
  der.back() = static_cast<char>(der.back() ^ 1);
  const auto verifier = Verifier({"root"}, {der});
  EXPECT_EQ(Check(verifier, *by_direct_).status, SignatureStatus::kGood);
  EXPECT_THAT(verifier.StrayCrls(), ElementsAre(HasSubstr("no trusted")));
}

TEST_F(Pkcs7CrlsTest, TakesDer) {
  const std::string der =
      MustRun({"openssl", "crl", "-outform", "DER", "-in", "/dev/stdin"},
              authority_->MakeCrl("root", {"direct"}));
  EXPECT_EQ(Check(Verifier({"root"}, {der}), *by_direct_).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(Pkcs7CrlsTest, RefusesWhatIsNoCrl) {
  Pkcs7Crls crls;
  const std::string der =
      MustRun({"openssl", "crl", "-outform", "DER", "-in", "/dev/stdin"},
              authority_->MakeCrl("root", {}));
  for (const std::string& bytes :
       {std::string(), std::string("no CRL"), authority_->Pem("root"),
        der + "x", der.substr(0, der.size() - 1)}) {
    EXPECT_THAT(crls.Add(AsBytes(bytes), "x"), FailsWith(EBADMSG)) << bytes;
  }
}

TEST_F(Pkcs7CrlsTest, RefusesCrlsThatDoNotMeanWhatTheyList) {
  Pkcs7Crls crls;
  const auto add = [&crls](const std::string& extensions) {
    return crls.Add(
        AsBytes(authority_->MakeCrl("root", {"direct"}, extensions)), "x");
  };
  EXPECT_THAT(add("2.5.29.27=critical,ASN1:INTEGER:1\n"),
              FailsSaying(EOPNOTSUPP, "delta"));
  EXPECT_THAT(add("issuingDistributionPoint=critical,@scope\n"
                  "[scope]\nindirectCRL=TRUE\n"),
              FailsSaying(EOPNOTSUPP, "indirect"));
  EXPECT_THAT(add("issuingDistributionPoint=critical,@scope\n"
                  "[scope]\nonlyAA=TRUE\n"),
              FailsSaying(EOPNOTSUPP, "attribute certificates"));
  EXPECT_THAT(add("2.5.29.28=critical,ASN1:INTEGER:1\n"),
              FailsSaying(EOPNOTSUPP, "cannot be read"));
  EXPECT_TRUE(
      add("issuingDistributionPoint=critical,@scope\n"
          "[scope]\nonlyuser=TRUE\n"));
}

// `openssl ca` cannot make such entries.
TEST_F(Pkcs7CrlsTest, AnEntryOfAnotherIssuerIsRefused) {
  const auto pem = authority_->MakeCrl("root", {"direct"});
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> crl(
      PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr),
      X509_CRL_free);
  ASSERT_NE(crl, nullptr);
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> issuer(
      GENERAL_NAMES_new(), GENERAL_NAMES_free);
  X509_REVOKED* entry =
      sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl.get()), 0);
  ASSERT_EQ(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer,
                                      issuer.get(), 1, 0),
            1);
  ASSERT_GT(i2d_re_X509_CRL_tbs(crl.get(), nullptr), 0);  // not as it was read
  std::vector<unsigned char> der(
      static_cast<std::size_t>(i2d_X509_CRL(crl.get(), nullptr)));
  unsigned char* at = der.data();
  ASSERT_GT(i2d_X509_CRL(crl.get(), &at), 0);
  EXPECT_THAT(Pkcs7Verifier().AddCrl(std::as_bytes(std::span(der)), "x.crl"),
              FailsSaying(EOPNOTSUPP, "indirect"));
}

}  // namespace
}  // namespace assayfs
