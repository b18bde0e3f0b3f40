// SPDX-License-Identifier: Apache-2.0
// OpenPgpForgedTest: a fixture with keys that say of each other what gpg would
// not make them say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "forged_key.h"
#include "support/results.h"
#include "trust/openpgp_certificates.h"
#include "trust/openpgp_verifier.h"

namespace assayfs::testing {

inline constexpr const char* kData = "the bytes that are signed";
inline constexpr const char* kUser = "forged";
inline constexpr std::uint32_t kYear = 365 * 86400;
inline constexpr std::uint32_t k2010 = 1262304000;
inline constexpr std::uint32_t k2020 = 1577836800;
inline constexpr std::uint32_t k2025 = 1735689600;

// Subpackets.
inline ByteVector Flags(int flags) {
  return PgpSubpacket(27, ByteVector{std::byte(flags)});
}
inline ByteVector SignatureEnds(std::uint32_t seconds_after) {
  return PgpSubpacket(3, PgpTime(seconds_after));
}
inline ByteVector KeyEnds(std::uint32_t seconds_after) {
  return PgpSubpacket(9, PgpTime(seconds_after));
}
inline constexpr int kCertify = 0x01;
inline constexpr int kSign = 0x02;
inline constexpr int kEncrypt = 0x0c;

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

  static inline ForgedKey* primary_ = nullptr;
  static inline ForgedKey* sub_ = nullptr;
  static inline ForgedKey* other_ = nullptr;
};

}  // namespace assayfs::testing
