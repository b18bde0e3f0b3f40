// SPDX-License-Identifier: Apache-2.0
// ForgedKey: an OpenPGP key whose packets are put together by hand, so that
// they can say what gpg would never write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "support/temp_dir.h"

namespace assayfs::testing {

// Signature types and packet tags, RFC 4880, sections 5.2.1 and 4.3.
inline constexpr std::uint8_t kSigBinary = 0x00;
inline constexpr std::uint8_t kSigCertification = 0x13;
inline constexpr std::uint8_t kSigSubkeyBinding = 0x18;
inline constexpr std::uint8_t kSigPrimaryBinding = 0x19;
inline constexpr std::uint8_t kSigKeyRevocation = 0x20;
inline constexpr std::uint8_t kSigSubkeyRevocation = 0x28;
inline constexpr std::uint8_t kTagSignature = 2;
inline constexpr std::uint8_t kTagPublicKey = 6;
inline constexpr std::uint8_t kTagUserId = 13;
inline constexpr std::uint8_t kTagSubkey = 14;

// Returns a packet of the new format with a length of five bytes.
ByteVector PgpPacket(std::uint8_t tag, Bytes body);
// Returns one subpacket; body: below 2^32 bytes.
ByteVector PgpSubpacket(std::uint8_t type, Bytes body);
// Four bytes, for subpackets that hold a time.
ByteVector PgpTime(std::uint32_t seconds);
// What signatures over a key hash of it.
ByteVector PgpFramedKey(Bytes key_body);
// What certifications hash of a user ID.
ByteVector PgpFramedUserId(std::string_view user_id);
// All of the parts, one after another.
ByteVector PgpJoin(const std::vector<ByteVector>& parts);

class ForgedKey {
 public:
  // Makes an RSA key of 2,048 bits with openssl. created: seconds since 1970.
  explicit ForgedKey(std::uint32_t created);

  // What a signature says. hash: "md5", "sha1" or "sha256". covered, open:
  // subpackets beside the time, which is covered, and the issuer, which is not.
  struct Claim {
    std::uint8_t type = kSigBinary;
    std::uint32_t created = 0;
    std::string hash = "sha256";
    ByteVector covered = {};
    ByteVector open = {};
  };
  // Returns the body of a version 4 signature over data.
  ByteVector Sign(Bytes data, const Claim& claim) const;

  const ByteVector& body() const { return body_; }  // of the key's packet
  // 40 lower-case digits.
  std::string fingerprint() const;

 private:
  TempDir dir_;
  ByteVector body_;
};

}  // namespace assayfs::testing
