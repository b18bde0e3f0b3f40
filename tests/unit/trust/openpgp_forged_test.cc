// SPDX-License-Identifier: Apache-2.0
// Certificates that gpg would not make, and what becomes of their keys.
#include "forged_key.h"
#include "support/results.h"
#include "trust/openpgp_certificates.h"
#include "trust/openpgp_verifier.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::ForgedKey;
using ::testing::HasSubstr;
using testing::kSigCertification;
using testing::kSigKeyRevocation;
using testing::kSigPrimaryBinding;
using testing::kSigSubkeyBinding;
using testing::kSigSubkeyRevocation;
using testing::kTagPublicKey;
using testing::kTagSignature;
using testing::kTagSubkey;
using testing::kTagUserId;
using testing::Must;
using testing::PgpFramedKey;
using testing::PgpFramedUserId;
using testing::PgpJoin;
using testing::PgpPacket;
using testing::PgpSubpacket;
using testing::PgpTime;

constexpr const char* kData = "the bytes that are signed";
constexpr const char* kUser = "forged";
constexpr std::uint32_t kYear = 365 * 86400;
constexpr std::uint32_t k2010 = 1262304000;
constexpr std::uint32_t k2020 = 1577836800;
constexpr std::uint32_t k2025 = 1735689600;

// Subpackets.
ByteVector Flags(int flags) {
  return PgpSubpacket(27, ByteVector{std::byte(flags)});
}
ByteVector SignatureEnds(std::uint32_t seconds_after) {
  return PgpSubpacket(3, PgpTime(seconds_after));
}
ByteVector KeyEnds(std::uint32_t seconds_after) {
  return PgpSubpacket(9, PgpTime(seconds_after));
}
constexpr int kCertify = 0x01;
constexpr int kSign = 0x02;
constexpr int kEncrypt = 0x0c;

// A primary key and a subkey; the tests put certificates together from what
// these say of each other.
class OpenPgpForgedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    primary_ = new ForgedKey(k2010);
    sub_ = new ForgedKey(k2010);
    other_ = new ForgedKey(k2010);
  }
  static void TearDownTestSuite() {
    delete other_;
    delete sub_;
    delete primary_;
  }

  static ByteVector Bound(const ForgedKey& primary, const ForgedKey& sub) {
    return PgpJoin({PgpFramedKey(primary.body()), PgpFramedKey(sub.body())});
  }
  // Packets of a primary key with its user ID.
  static ByteVector Primary(const ForgedKey& key, ForgedKey::Claim claim,
                            const std::string& user = kUser) {
    claim.type = kSigCertification;
    const ByteVector data =
        PgpJoin({PgpFramedKey(key.body()), PgpFramedUserId(user)});
    return PgpJoin({PgpPacket(kTagPublicKey, key.body()),
                    PgpPacket(kTagUserId, AsBytes(user)),
                    PgpPacket(kTagSignature, key.Sign(data, claim))});
  }
  static ByteVector SoundPrimary(const ForgedKey& key) {
    return Primary(key, {.created = k2020, .covered = Flags(kCertify | kSign)});
  }
  // The subpacket with a subkey's own signature on its binding.
  static ByteVector BackSignature(const ForgedKey& signer,
                                  ForgedKey::Claim claim) {
    return PgpSubpacket(32, signer.Sign(Bound(*primary_, *sub_), claim));
  }
  static ByteVector SoundBackSignature() {
    return BackSignature(*sub_, {.type = kSigPrimaryBinding, .created = k2020});
  }
  // Packets of the subkey, bound by primary.
  static ByteVector Subkey(ForgedKey::Claim claim,
                           const ForgedKey& primary = *primary_) {
    claim.type = kSigSubkeyBinding;
    return PgpJoin(
        {PgpPacket(kTagSubkey, sub_->body()),
         PgpPacket(kTagSignature, primary.Sign(Bound(primary, *sub_), claim))});
  }
  static ByteVector SoundSubkey() {
    return Subkey({.created = k2020,
                   .covered = Flags(kSign),
                   .open = SoundBackSignature()});
  }
  // A revocation of the subkey.
  static ByteVector Revocation(ForgedKey::Claim claim,
                               const ForgedKey& signer = *primary_) {
    claim.type = kSigSubkeyRevocation;
    claim.covered = PgpSubpacket(29, ByteVector{std::byte{0}});
    return PgpPacket(kTagSignature,
                     signer.Sign(Bound(*primary_, *sub_), claim));
  }

  static SignatureCheck CheckBy(const ForgedKey& signer,
                                const std::vector<ByteVector>& certificates,
                                const ForgedKey::Claim& claim = {
                                    .created = k2020 + 1}) {
    OpenPgpVerifier verifier;
    for (OpenPgpKey& key : Must(ReadOpenPgpKeys(certificates))) {
      verifier.Add(std::move(key));
    }
    return verifier.Verify(
        AsBytes(kData),
        PgpPacket(kTagSignature, signer.Sign(AsBytes(kData), claim)));
  }
  static SignatureStatus BySubkey(const std::vector<ByteVector>& parts) {
    return CheckBy(*sub_, {PgpJoin(parts)}).status;
  }
  static SignatureStatus ByPrimary(const std::vector<ByteVector>& parts) {
    return CheckBy(*primary_, {PgpJoin(parts)}).status;
  }

  static ForgedKey* primary_;
  static ForgedKey* sub_;
  static ForgedKey* other_;
};
ForgedKey* OpenPgpForgedTest::primary_ = nullptr;
ForgedKey* OpenPgpForgedTest::sub_ = nullptr;
ForgedKey* OpenPgpForgedTest::other_ = nullptr;

TEST_F(OpenPgpForgedTest, SoundCertificateIsGood) {
  const std::vector<ByteVector> parts = {SoundPrimary(*primary_),
                                         SoundSubkey()};
  EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  const auto check = CheckBy(*sub_, {PgpJoin(parts)});
  EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
  EXPECT_EQ(check.signer.fingerprint, primary_->fingerprint());
}

TEST_F(OpenPgpForgedTest, SigningSubkeyThatDidNotAgreeIsRejected) {
  const std::vector<ByteVector> back_signatures = {
      {},
      BackSignature(*other_, {.type = kSigPrimaryBinding, .created = k2020}),
      BackSignature(*primary_, {.type = kSigPrimaryBinding, .created = k2020}),
      BackSignature(*sub_, {.type = kSigSubkeyBinding, .created = k2020}),
      BackSignature(*sub_, {.type = kSigPrimaryBinding,
                            .created = k2020,
                            .covered = SignatureEnds(86400)}),
      BackSignature(
          *sub_, {.type = kSigPrimaryBinding, .created = k2020, .hash = "md5"}),
      BackSignature(
          *sub_,
          {.type = kSigPrimaryBinding, .created = k2025, .hash = "sha1"})};
  for (const ByteVector& back_signature : back_signatures) {
    const ByteVector subkey = Subkey(
        {.created = k2020, .covered = Flags(kSign), .open = back_signature});
    const std::vector<ByteVector> parts = {SoundPrimary(*primary_), subkey};
    EXPECT_EQ(BySubkey(parts), SignatureStatus::kKeyRejected);
    EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  }
}

TEST_F(OpenPgpForgedTest, SubkeyWithoutKeyFlagsMayNotSign) {
  for (const ByteVector& open : {ByteVector(), Flags(kSign)}) {
    const ByteVector subkey = Subkey({.created = k2020, .open = open});
    const auto check =
        CheckBy(*sub_, {PgpJoin({SoundPrimary(*primary_), subkey})});
    EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
    EXPECT_THAT(check.detail, HasSubstr("not for signing"));
  }
}

TEST_F(OpenPgpForgedTest, SubkeyForEncryptionMayNotSign) {
  const ByteVector subkey =
      Subkey({.created = k2020, .covered = Flags(kEncrypt)});
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, NewestBindingSaysWhatASubkeyMay) {
  ByteVector subkey = SoundSubkey();
  const ByteVector later =
      Subkey({.created = k2020 + 1, .covered = Flags(kEncrypt)});
  // Only the signature of it.
  AppendBytes(subkey,
              Bytes(later).subspan(PgpPacket(kTagSubkey, sub_->body()).size()));
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, ExpiredBindingIsRejected) {
  ByteVector covered = Flags(kSign);
  AppendBytes(covered, SignatureEnds(kYear));
  const ByteVector subkey = Subkey(
      {.created = k2020, .covered = covered, .open = SoundBackSignature()});
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, SelfSignaturesOfTheFutureCount) {
  constexpr std::uint32_t k2096 = 4000000000;
  const std::vector<ByteVector> parts = {
      Primary(*primary_, {.created = k2096, .covered = Flags(kSign)}),
      Subkey({.created = k2096,
              .covered = Flags(kSign),
              .open = BackSignature(
                  *sub_, {.type = kSigPrimaryBinding, .created = k2096})})};
  EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  EXPECT_EQ(BySubkey(parts), SignatureStatus::kGood);
}

TEST_F(OpenPgpForgedTest, SubkeyIsGoodUntilItExpires) {
  ByteVector covered = Flags(kSign);
  AppendBytes(covered, KeyEnds(k2020 + 10 - k2010));
  const ByteVector certificate = PgpJoin(
      {SoundPrimary(*primary_), Subkey({.created = k2020,
                                        .covered = covered,
                                        .open = SoundBackSignature()})});
  EXPECT_EQ(CheckBy(*sub_, {certificate}, {.created = k2020 + 10}).status,
            SignatureStatus::kGood);
  EXPECT_EQ(CheckBy(*sub_, {certificate}, {.created = k2020 + 11}).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, SubkeyIsGoodUntilItsPrimaryKeyExpires) {
  ByteVector covered = Flags(kCertify | kSign);
  AppendBytes(covered, KeyEnds(k2020 + 10 - k2010));
  const ByteVector certificate =
      PgpJoin({Primary(*primary_, {.created = k2020, .covered = covered}),
               SoundSubkey()});
  EXPECT_EQ(CheckBy(*sub_, {certificate}, {.created = k2020 + 10}).status,
            SignatureStatus::kGood);
  EXPECT_EQ(CheckBy(*sub_, {certificate}, {.created = k2020 + 11}).status,
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, Sha1BindsUntil2024AndMd5Never) {
  const auto by_primary = [](std::uint32_t created, const std::string& hash) {
    return ByPrimary(
        {Primary(*primary_,
                 {.created = created, .hash = hash, .covered = Flags(kSign)})});
  };
  EXPECT_EQ(by_primary(k2020, "sha1"), SignatureStatus::kGood);
  EXPECT_EQ(by_primary(k2025, "sha1"), SignatureStatus::kKeyRejected);
  EXPECT_EQ(by_primary(k2010 + 1, "md5"), SignatureStatus::kKeyRejected);
  const auto by_subkey = [](std::uint32_t created, const std::string& hash) {
    return BySubkey(
        {SoundPrimary(*primary_), Subkey({.created = created,
                                          .hash = hash,
                                          .covered = Flags(kSign),
                                          .open = SoundBackSignature()})});
  };
  EXPECT_EQ(by_subkey(k2020, "sha1"), SignatureStatus::kGood);
  EXPECT_EQ(by_subkey(k2025, "sha1"), SignatureStatus::kKeyRejected);
  EXPECT_EQ(by_subkey(k2010 + 1, "md5"), SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, WeakSignatureOverTheBytesIsWeakWheneverItWasMade) {
  for (const char* hash : {"md5", "sha1"}) {
    EXPECT_EQ(CheckBy(*primary_, {SoundPrimary(*primary_)},
                      {.created = k2010 + 1, .hash = hash})
                  .status,
              SignatureStatus::kWeak);
  }
}

TEST_F(OpenPgpForgedTest, RevocationCountsWithAnyHashAndAtAnyTime) {
  for (const ForgedKey::Claim& claim :
       std::vector<ForgedKey::Claim>{{.created = k2020},
                                     {.created = k2025, .hash = "sha1"},
                                     {.created = k2025, .hash = "md5"},
                                     {.created = 4000000000}}) {
    const std::vector<ByteVector> parts = {SoundPrimary(*primary_),
                                           SoundSubkey(), Revocation(claim)};
    EXPECT_EQ(BySubkey(parts), SignatureStatus::kKeyRejected)
        << claim.created << claim.hash;
    EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  }
}

TEST_F(OpenPgpForgedTest, RevocationAfterThePrimaryKeyExpiredCounts) {
  ByteVector covered = Flags(kCertify | kSign);
  AppendBytes(covered, KeyEnds(k2020 + 10 - k2010));
  const ByteVector primary =
      Primary(*primary_, {.created = k2020, .covered = covered});
  EXPECT_EQ(BySubkey({primary, SoundSubkey()}), SignatureStatus::kGood);
  EXPECT_EQ(BySubkey({primary, SoundSubkey(), Revocation({.created = k2025})}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, PrimaryKeyRevokedWithSha1IsRejected) {
  const ByteVector revocation = PgpPacket(
      kTagSignature,
      primary_->Sign(PgpFramedKey(primary_->body()),
                     {.type = kSigKeyRevocation,
                      .created = k2025,
                      .hash = "sha1",
                      .covered = PgpSubpacket(29, ByteVector{std::byte{0}})}));
  ByteVector certificate = PgpPacket(kTagPublicKey, primary_->body());
  const std::size_t key_bytes = certificate.size();
  AppendBytes(certificate, revocation);
  AppendBytes(certificate, Bytes(SoundPrimary(*primary_)).subspan(key_bytes));
  AppendBytes(certificate, SoundSubkey());
  EXPECT_EQ(ByPrimary({certificate}), SignatureStatus::kKeyRejected);
  EXPECT_EQ(BySubkey({certificate}), SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, RevocationByAnotherKeyIsNone) {
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), SoundSubkey(),
                      Revocation({.created = k2020}, *other_)}),
            SignatureStatus::kGood);
}

TEST_F(OpenPgpForgedTest, CertificatesDoNotSpoilEachOther) {
  const ByteVector owner = PgpJoin({SoundPrimary(*primary_), SoundSubkey()});
  // Another certificate claims the subkey, in vain.
  const ByteVector thief =
      PgpJoin({SoundPrimary(*other_), Subkey({.created = k2020,
                                              .covered = Flags(kSign),
                                              .open = SoundBackSignature()},
                                             *other_)});
  for (const auto& certificates :
       std::vector<std::vector<ByteVector>>{{owner, thief}, {thief, owner}}) {
    const auto check = CheckBy(*sub_, certificates);
    EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
    EXPECT_EQ(check.signer.fingerprint, primary_->fingerprint());
  }
  EXPECT_EQ(CheckBy(*sub_, {thief}).status, SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedTest, OddSubkeysLeaveTheRest) {
  // Of another version, of an algorithm of RFC 9580, cut short, empty.
  ByteVector version = sub_->body();
  version[0] = std::byte{9};
  ByteVector version6 = sub_->body();
  version6[0] = std::byte{6};
  ByteVector algorithm = sub_->body();
  algorithm[5] = std::byte{27};
  ByteVector cut = sub_->body();
  cut.resize(20);
  for (const ByteVector& body : {version, version6, algorithm, cut}) {
    const ByteVector odd = PgpJoin(
        {PgpPacket(kTagSubkey, body),
         PgpPacket(kTagSignature,
                   primary_->Sign(PgpJoin({PgpFramedKey(primary_->body()),
                                           PgpFramedKey(body)}),
                                  {.type = kSigSubkeyBinding,
                                   .created = k2020,
                                   .covered = Flags(kSign)}))});
    for (const auto& parts : std::vector<std::vector<ByteVector>>{
             {SoundPrimary(*primary_), odd, SoundSubkey()},
             {SoundPrimary(*primary_), SoundSubkey(), odd}}) {
      EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood)
          << static_cast<int>(body[0]) << " " << static_cast<int>(body[5]);
      EXPECT_EQ(BySubkey(parts), SignatureStatus::kGood);
    }
  }
}

TEST_F(OpenPgpForgedTest, LargeCertificatesAreRead) {
  // Over 64 KiB, with user IDs of 2,000 bytes.
  std::vector<ByteVector> parts = {SoundPrimary(*primary_)};
  const std::size_t key_bytes =
      PgpPacket(kTagPublicKey, primary_->body()).size();
  for (int i = 0; i < 40; ++i) {
    const ByteVector more =
        Primary(*primary_, {.created = k2020, .covered = Flags(kSign)},
                std::string(2000, 'u') + std::to_string(i));
    parts.push_back(ToVector(Bytes(more).subspan(key_bytes)));
  }
  parts.push_back(SoundSubkey());
  ASSERT_GT(PgpJoin(parts).size(), std::size_t{64} << 10);
  EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  EXPECT_EQ(BySubkey(parts), SignatureStatus::kGood);
}

TEST_F(OpenPgpForgedTest, KeysWithEqualKeyIdsAreAllTried) {
  // The signature names its key by the key id alone. Two keys that share one
  // cannot be made, but a verifier can be told so.
  auto keys =
      Must(ReadOpenPgpKeys({SoundPrimary(*other_), SoundPrimary(*primary_)}));
  const std::string key_id = primary_->fingerprint().substr(24);
  const auto data_signature = PgpPacket(
      kTagSignature, primary_->Sign(AsBytes(kData), {.created = k2020 + 1}));
  ASSERT_EQ(keys.size(), 2u);
  for (OpenPgpKey& key : keys) {
    key.fingerprint = key.fingerprint.substr(0, 24) + key_id;
  }
  for (const auto& order : {std::pair(0, 1), std::pair(1, 0)}) {
    OpenPgpVerifier verifier;
    verifier.Add(keys[static_cast<std::size_t>(order.first)]);
    verifier.Add(keys[static_cast<std::size_t>(order.second)]);
    const auto good = verifier.Verify(AsBytes(kData), data_signature);
    EXPECT_EQ(good.status, SignatureStatus::kGood);
    EXPECT_EQ(good.signer.fingerprint, primary_->fingerprint());
    EXPECT_EQ(verifier.Verify(AsBytes("other"), data_signature).status,
              SignatureStatus::kBad);
  }
  // The wrong one of them alone is no help.
  OpenPgpVerifier verifier;
  verifier.Add(keys[keys[0].certificate == other_->fingerprint() ? 0 : 1]);
  EXPECT_EQ(verifier.Verify(AsBytes(kData), data_signature).status,
            SignatureStatus::kBad);
}

TEST_F(OpenPgpForgedTest, KeysOfRfc9580AreRefused) {
  // The Ed25519 key of RFC 9580, appendix A.3 (version 6), and a key of
  // version 4 with its algorithm number 27. librnp 0.16 knows neither; a newer
  // one may, and then there is no verifier for them.
  for (const char* body : {"0663877fe31b00000020f94da7bb48d60a61e567706a6587d03"
                           "31999bb9d891a08242ead"
                           "84543df895a3",
                           "0463877fe31bf94da7bb48d60a61e567706a6587d0331999bb9"
                           "d891a08242ead84543df8"
                           "95a3"}) {
    const ByteVector packet = PgpPacket(kTagPublicKey, FromHex(body).value());
    const auto keys = ReadOpenPgpKeys({packet});
    if (!keys) {
      EXPECT_THAT(keys, FailsWith(EBADMSG));
      continue;
    }
    for (const OpenPgpKey& key : *keys) {
      EXPECT_NE(OpenPgpVerifier::WhyUseless(key), "");
    }
  }
}

TEST_F(OpenPgpForgedTest, SignaturesOfRfc9580AreNotGood) {
  // Of version 6, and of version 4 with algorithm 27.
  ByteVector body = primary_->Sign(AsBytes(kData), {.created = k2020 + 1});
  body[0] = std::byte{6};
  OpenPgpVerifier verifier;
  for (OpenPgpKey& key : Must(ReadOpenPgpKeys({SoundPrimary(*primary_)}))) {
    verifier.Add(std::move(key));
  }
  const auto version6 =
      verifier.Verify(AsBytes(kData), PgpPacket(kTagSignature, body));
  EXPECT_EQ(version6.status, SignatureStatus::kMalformed);
  EXPECT_THAT(version6.detail, HasSubstr("version 6"));
  body[0] = std::byte{4};
  body[2] = std::byte{27};
  EXPECT_EQ(
      verifier.Verify(AsBytes(kData), PgpPacket(kTagSignature, body)).status,
      SignatureStatus::kBad);
}

}  // namespace
}  // namespace assayfs
