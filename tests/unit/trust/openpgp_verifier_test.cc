// SPDX-License-Identifier: Apache-2.0
#include "trust/openpgp_verifier.h"

#include "gpg_home.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::GpgHome;
using testing::GpgTime;
using ::testing::HasSubstr;
using testing::Must;

constexpr const char* kData = "the bytes that are signed";

class OpenPgpVerifierTest : public ::testing::Test {
 protected:
  static OpenPgpVerifier VerifierFor(const std::vector<std::string>& keys) {
    std::vector<ByteVector> certificates;
    for (const std::string& key : keys) {
      for (ByteVector& certificate :
           Must(SplitOpenPgpBlock(gpg_->Export(key)))) {
        certificates.push_back(std::move(certificate));
      }
    }
    OpenPgpVerifier verifier;
    for (OpenPgpKey& key : Must(ReadOpenPgpKeys(certificates))) {
      verifier.Add(std::move(key));
    }
    return verifier;
  }

  // What a verifier that knows key says about a signature over kData.
  static SignatureCheck Check(const std::string& key,
                              const std::string& signature) {
    return VerifierFor({key}).Verify(AsBytes(kData), AsBytes(signature));
  }

  static void SetUpTestSuite() {
    gpg_ = new GpgHome();
    key_ = new std::string(gpg_->MakeKey("plain <plain@example.org>", "ed25519",
                                         "sign", "never", "20200101T000000"));
  }
  static void TearDownTestSuite() {
    delete key_;
    delete gpg_;
  }

  static GpgHome* gpg_;
  static std::string* key_;
};
GpgHome* OpenPgpVerifierTest::gpg_ = nullptr;
std::string* OpenPgpVerifierTest::key_ = nullptr;

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(::tolower(c));
  return text;
}

TEST_F(OpenPgpVerifierTest, GoodSignatureNamesItsSigner) {
  const auto check = Check(*key_, gpg_->Sign(*key_, kData));
  EXPECT_EQ(check.status, SignatureStatus::kGood);
  EXPECT_EQ(check.signer.fingerprint, Lower(*key_));
  EXPECT_EQ(check.signer.name, "plain <plain@example.org>");
  EXPECT_EQ(check.detail, "");
}

TEST_F(OpenPgpVerifierTest, TakesEveryStrongHash) {
  for (const char* hash : {"SHA256", "SHA384", "SHA512"}) {
    const auto signature = gpg_->Sign(*key_, kData, {"--digest-algo", hash});
    EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kGood) << hash;
  }
}

TEST_F(OpenPgpVerifierTest, TakesRsaAndEveryNistCurve) {
  for (const char* algorithm :
       {"rsa2048", "rsa4096", "nistp256", "nistp384", "nistp521"}) {
    const auto key = gpg_->MakeKey(algorithm, algorithm);
    EXPECT_EQ(Check(key, gpg_->Sign(key, kData)).status, SignatureStatus::kGood)
        << algorithm;
  }
}

TEST_F(OpenPgpVerifierTest, NoBytesCanBeSigned) {
  const auto signature = gpg_->Sign(*key_, "");
  EXPECT_EQ(VerifierFor({*key_}).Verify({}, AsBytes(signature)).status,
            SignatureStatus::kGood);
}

TEST_F(OpenPgpVerifierTest, MissingKeyIsNamed) {
  const auto other = gpg_->MakeKey("other", "ed25519");
  const auto check = Check(other, gpg_->Sign(*key_, kData));
  EXPECT_EQ(check.status, SignatureStatus::kNoKey);
  EXPECT_THAT(check.detail, HasSubstr(Lower(*key_)));
}

TEST_F(OpenPgpVerifierTest, ChangedBytesAreBad) {
  const auto signature = gpg_->Sign(*key_, kData);
  const auto check =
      VerifierFor({*key_}).Verify(AsBytes("other bytes"), AsBytes(signature));
  EXPECT_EQ(check.status, SignatureStatus::kBad);
  EXPECT_EQ(check.signer.fingerprint, "");
}

TEST_F(OpenPgpVerifierTest, SignatureBeforeTheKeyExpiredIsGood) {
  const auto key =
      gpg_->MakeKey("expired", "ed25519", "sign", "1y", "20200101T000000");
  const auto before = gpg_->Sign(key, kData, {}, "20200601T000000");
  EXPECT_EQ(Check(key, before).status, SignatureStatus::kGood);
}

TEST_F(OpenPgpVerifierTest, SignatureAfterTheKeyExpiredIsRejected) {
  const auto key =
      gpg_->MakeKey("late", "ed25519", "sign", "never", "20200101T000000");
  const auto signature = gpg_->Sign(key, kData, {}, "20200601T000000");
  // gpg would not sign with an expired key, so it expires afterwards.
  gpg_->SetExpiry(key, "1m", "20200102T000000");
  const auto check = Check(key, signature);
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("had expired when it signed"));
}

TEST_F(OpenPgpVerifierTest, SignatureOlderThanItsKeyIsRejected) {
  auto keys =
      Must(ReadOpenPgpKeys(Must(SplitOpenPgpBlock(gpg_->Export(*key_)))));
  const auto signature = gpg_->Sign(*key_, kData, {}, "20200601T000000");
  keys.at(0).created = 1590969601;
  OpenPgpVerifier verifier;
  verifier.Add(keys[0]);
  EXPECT_EQ(verifier.Verify(AsBytes(kData), AsBytes(signature)).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpVerifierTest, ExpiredSignatureIsRejected) {
  const auto signature = gpg_->Sign(
      *key_, kData, {"--default-sig-expire", "1d"}, "20200601T000000");
  const auto check = Check(*key_, signature);
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("signature that has expired"));
}

TEST_F(OpenPgpVerifierTest, SignatureFromTheFutureIsGood) {
  const auto signature = gpg_->Sign(*key_, kData, {}, "20900101T000000");
  EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kGood);
}

TEST_F(OpenPgpVerifierTest, RevokedKeyIsRejectedWheneverItSigned) {
  const auto key =
      gpg_->MakeKey("revoked", "ed25519", "sign", "never", "20200101T000000");
  const auto signature = gpg_->Sign(key, kData, {}, "20200601T000000");
  ASSERT_EQ(Check(key, signature).status, SignatureStatus::kGood);
  gpg_->Revoke(key);
  const auto check = Check(key, signature);
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("is revoked"));
  EXPECT_EQ(VerifierFor({key}).size(), 0u);
}

TEST_F(OpenPgpVerifierTest, SubkeySignsForItsCertificate) {
  const auto key = gpg_->MakeKey("with subkey", "ed25519", "cert");
  const auto subkey = gpg_->AddSubkey(key, "ed25519");
  ASSERT_NE(subkey, key);
  const auto check = Check(key, gpg_->Sign(subkey, kData));
  EXPECT_EQ(check.status, SignatureStatus::kGood);
  EXPECT_EQ(check.signer.fingerprint, Lower(key));
}

TEST_F(OpenPgpVerifierTest, RevokedSubkeyIsRejected) {
  const auto key = gpg_->MakeKey("revoked subkey", "ed25519", "sign,cert");
  const auto subkey = gpg_->AddSubkey(key, "ed25519");
  const auto by_subkey = gpg_->Sign(subkey, kData);
  const auto by_primary = gpg_->Sign(key, kData);
  gpg_->RevokeFirstSubkey(key);
  EXPECT_EQ(Check(key, by_subkey).status, SignatureStatus::kKeyRejected);
  EXPECT_EQ(Check(key, by_primary).status, SignatureStatus::kGood);
}

TEST_F(OpenPgpVerifierTest, RevokedPrimaryKeyTakesItsSubkeysAlong) {
  const auto key = gpg_->MakeKey("revoked whole", "ed25519", "cert");
  const auto subkey = gpg_->AddSubkey(key, "ed25519");
  const auto signature = gpg_->Sign(subkey, kData);
  gpg_->Revoke(key);
  EXPECT_EQ(Check(key, signature).status, SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpVerifierTest, KeyThatIsNotForSigningIsRejected) {
  auto keys =
      Must(ReadOpenPgpKeys(Must(SplitOpenPgpBlock(gpg_->Export(*key_)))));
  keys.at(0).may_sign = false;
  OpenPgpVerifier verifier;
  verifier.Add(keys[0]);
  const auto check =
      verifier.Verify(AsBytes(kData), AsBytes(gpg_->Sign(*key_, kData)));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("not for signing"));
}

TEST_F(OpenPgpVerifierTest, KeyWithoutAGoodSelfSignatureIsRejected) {
  auto keys =
      Must(ReadOpenPgpKeys(Must(SplitOpenPgpBlock(gpg_->Export(*key_)))));
  keys.at(0).valid_until = 0;
  OpenPgpVerifier verifier;
  verifier.Add(keys[0]);
  EXPECT_EQ(
      verifier.Verify(AsBytes(kData), AsBytes(gpg_->Sign(*key_, kData))).status,
      SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpVerifierTest, KeyOfAnAlgorithmWeDoNotHaveIsRejected) {
  const auto key = gpg_->MakeKey("dsa", "dsa2048");
  const auto check = Check(key, gpg_->Sign(key, kData));
  EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
  EXPECT_THAT(check.detail, HasSubstr("cannot be used"));
}

TEST_F(OpenPgpVerifierTest, ShortRsaKeyIsWeak) {
  const auto key = gpg_->MakeKey("short", "rsa1024");
  const auto check = Check(key, gpg_->Sign(key, kData));
  EXPECT_EQ(check.status, SignatureStatus::kWeak);
  EXPECT_THAT(check.detail, HasSubstr("too short"));
  EXPECT_EQ(VerifierFor({key}).size(), 0u);
}

TEST_F(OpenPgpVerifierTest, WeakHashIsWeak) {
  for (const char* hash : {"SHA1", "SHA224", "RIPEMD160"}) {
    const auto signature = gpg_->Sign(*key_, kData, {"--digest-algo", hash});
    EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kWeak) << hash;
  }
}

TEST_F(OpenPgpVerifierTest, Md5IsWeakAndUnknownHashIsMalformed) {
  auto signature = gpg_->Sign(*key_, kData);
  // Packet header of two bytes, version, type, key algorithm, then the hash.
  signature[5] = 1;
  EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kWeak);
  signature[5] = 99;
  EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kMalformed);
}

TEST_F(OpenPgpVerifierTest, TextSignatureIsMalformed) {
  const auto signature = gpg_->Sign(*key_, kData, {"--textmode"});
  EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kMalformed);
}

TEST_F(OpenPgpVerifierTest, UnknownCriticalNotationIsMalformed) {
  const auto signature =
      gpg_->Sign(*key_, kData, {"--sig-notation", "!note@example.org=x"});
  EXPECT_EQ(Check(*key_, signature).status, SignatureStatus::kMalformed);
}

TEST_F(OpenPgpVerifierTest, WhatIsNoSignatureIsMalformed) {
  const auto key = gpg_->Export(*key_);
  for (const std::string& bytes :
       {std::string(), std::string("no signature at all"), key,
        gpg_->Sign(*key_, kData, {"--armor"}),
        gpg_->Sign(*key_, kData).substr(0, 40)}) {
    EXPECT_EQ(Check(*key_, bytes).status, SignatureStatus::kMalformed) << bytes;
  }
}

TEST_F(OpenPgpVerifierTest, OneGoodPacketAmongOthersIsEnough) {
  const auto good = gpg_->Sign(*key_, kData);
  const auto bad = gpg_->Sign(*key_, "other bytes");
  const auto other = gpg_->MakeKey("stranger", "ed25519");
  const auto unknown = gpg_->Sign(other, kData);
  const std::string unreadable("\xc2\x02\x06\x00", 4);
  EXPECT_EQ(Check(*key_, bad + unknown + unreadable + good).status,
            SignatureStatus::kGood);
  EXPECT_EQ(Check(*key_, unreadable + unknown).status, SignatureStatus::kNoKey);
  EXPECT_EQ(Check(*key_, unknown + bad + unreadable).status,
            SignatureStatus::kBad);
}

TEST_F(OpenPgpVerifierTest, LimitsTheNumberAndSizeOfPackets) {
  const auto good = gpg_->Sign(*key_, kData);
  std::string many;
  for (std::size_t i = 0; i < kMaxSignaturePackets; ++i) many += good;
  EXPECT_EQ(Check(*key_, many).status, SignatureStatus::kGood);
  EXPECT_EQ(Check(*key_, many + good).status, SignatureStatus::kMalformed);
  const std::string large(kMaxSignatureBytes + 1, '\0');
  EXPECT_EQ(Check(*key_, large).status, SignatureStatus::kMalformed);
}

TEST_F(OpenPgpVerifierTest, CountsCertificatesNotKeys) {
  const auto key = gpg_->MakeKey("counted", "ed25519", "sign,cert");
  gpg_->AddSubkey(key, "ed25519");
  EXPECT_EQ(VerifierFor({key, *key_}).size(), 2u);
}

}  // namespace
}  // namespace assayfs
