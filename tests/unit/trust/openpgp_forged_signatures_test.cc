// SPDX-License-Identifier: Apache-2.0
// What the self-signatures of a certificate make of its keys.
#include "forged_certificates.h"

namespace assayfs {
namespace {

using testing::Flags;
using testing::ForgedKey;
using ::testing::HasSubstr;
using testing::k2010;
using testing::k2020;
using testing::k2025;
using testing::kCertify;
using testing::kEncrypt;
using testing::KeyEnds;
using testing::kSigKeyRevocation;
using testing::kSign;
using testing::kSigPrimaryBinding;
using testing::kSigSubkeyBinding;
using testing::kTagPublicKey;
using testing::kTagSignature;
using testing::kTagSubkey;
using testing::kYear;
using testing::PgpFramedKey;
using testing::PgpJoin;
using testing::PgpPacket;
using testing::PgpSubpacket;
using testing::SignatureEnds;

class OpenPgpForgedSignaturesTest : public testing::OpenPgpForgedTest {};

TEST_F(OpenPgpForgedSignaturesTest, SoundCertificateIsGood) {
  const std::vector<ByteVector> parts = {SoundPrimary(*primary_),
                                         SoundSubkey()};
  EXPECT_EQ(ByPrimary(parts), SignatureStatus::kGood);
  const auto check = CheckBy(*sub_, {PgpJoin(parts)});
  EXPECT_EQ(check.status, SignatureStatus::kGood) << check.detail;
  EXPECT_EQ(check.signer.fingerprint, primary_->fingerprint());
}

TEST_F(OpenPgpForgedSignaturesTest, SigningSubkeyThatDidNotAgreeIsRejected) {
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

TEST_F(OpenPgpForgedSignaturesTest, SubkeyWithoutKeyFlagsMayNotSign) {
  for (const ByteVector& open : {ByteVector(), Flags(kSign)}) {
    const ByteVector subkey = Subkey({.created = k2020, .open = open});
    const auto check =
        CheckBy(*sub_, {PgpJoin({SoundPrimary(*primary_), subkey})});
    EXPECT_EQ(check.status, SignatureStatus::kKeyRejected);
    EXPECT_THAT(check.detail, HasSubstr("not for signing"));
  }
}

TEST_F(OpenPgpForgedSignaturesTest, SubkeyForEncryptionMayNotSign) {
  const ByteVector subkey =
      Subkey({.created = k2020, .covered = Flags(kEncrypt)});
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedSignaturesTest, NewestBindingSaysWhatASubkeyMay) {
  ByteVector subkey = SoundSubkey();
  const ByteVector later =
      Subkey({.created = k2020 + 1, .covered = Flags(kEncrypt)});
  // Only the signature of it.
  AppendBytes(subkey,
              Bytes(later).subspan(PgpPacket(kTagSubkey, sub_->body()).size()));
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedSignaturesTest, ExpiredBindingIsRejected) {
  ByteVector covered = Flags(kSign);
  AppendBytes(covered, SignatureEnds(kYear));
  const ByteVector subkey = Subkey(
      {.created = k2020, .covered = covered, .open = SoundBackSignature()});
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), subkey}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedSignaturesTest, SelfSignaturesOfTheFutureCount) {
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

TEST_F(OpenPgpForgedSignaturesTest, SubkeyIsGoodUntilItExpires) {
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

TEST_F(OpenPgpForgedSignaturesTest, SubkeyIsGoodUntilItsPrimaryKeyExpires) {
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

TEST_F(OpenPgpForgedSignaturesTest, Sha1BindsUntil2024AndMd5Never) {
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

TEST_F(OpenPgpForgedSignaturesTest,
       WeakSignatureOverTheBytesIsWeakWheneverItWasMade) {
  for (const char* hash : {"md5", "sha1"}) {
    EXPECT_EQ(CheckBy(*primary_, {SoundPrimary(*primary_)},
                      {.created = k2010 + 1, .hash = hash})
                  .status,
              SignatureStatus::kWeak);
  }
}

TEST_F(OpenPgpForgedSignaturesTest, RevocationCountsWithAnyHashAndAtAnyTime) {
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

TEST_F(OpenPgpForgedSignaturesTest, RevocationAfterThePrimaryKeyExpiredCounts) {
  ByteVector covered = Flags(kCertify | kSign);
  AppendBytes(covered, KeyEnds(k2020 + 10 - k2010));
  const ByteVector primary =
      Primary(*primary_, {.created = k2020, .covered = covered});
  EXPECT_EQ(BySubkey({primary, SoundSubkey()}), SignatureStatus::kGood);
  EXPECT_EQ(BySubkey({primary, SoundSubkey(), Revocation({.created = k2025})}),
            SignatureStatus::kKeyRejected);
}

TEST_F(OpenPgpForgedSignaturesTest, PrimaryKeyRevokedWithSha1IsRejected) {
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

TEST_F(OpenPgpForgedSignaturesTest, RevocationByAnotherKeyIsNone) {
  EXPECT_EQ(BySubkey({SoundPrimary(*primary_), SoundSubkey(),
                      Revocation({.created = k2020}, *other_)}),
            SignatureStatus::kGood);
}

}  // namespace
}  // namespace assayfs
