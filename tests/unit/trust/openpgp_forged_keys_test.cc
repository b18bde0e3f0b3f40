// SPDX-License-Identifier: Apache-2.0
// Odd keys, many of them, and those of RFC 9580.
#include "forged_certificates.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Flags;
using ::testing::HasSubstr;
using testing::k2020;
using testing::kData;
using testing::kSign;
using testing::kSigSubkeyBinding;
using testing::kTagPublicKey;
using testing::kTagSignature;
using testing::kTagSubkey;
using testing::Must;
using testing::PgpFramedKey;
using testing::PgpJoin;
using testing::PgpPacket;

class OpenPgpForgedKeysTest : public testing::OpenPgpForgedTest {};

TEST_F(OpenPgpForgedKeysTest, CertificatesDoNotSpoilEachOther) {
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

TEST_F(OpenPgpForgedKeysTest, OddSubkeysLeaveTheRest) {
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

TEST_F(OpenPgpForgedKeysTest, LargeCertificatesAreRead) {
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

TEST_F(OpenPgpForgedKeysTest, KeysWithEqualKeyIdsAreAllTried) {
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

TEST_F(OpenPgpForgedKeysTest, KeysOfRfc9580AreRefused) {
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

TEST_F(OpenPgpForgedKeysTest, SignaturesOfRfc9580AreNotGood) {
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
