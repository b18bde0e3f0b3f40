// SPDX-License-Identifier: Apache-2.0
// Reading OpenPGP packets: splitting, signature packets and public keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// One packet; both spans borrow the bytes that were split.
struct OpenPgpPacket {
  std::uint8_t tag = 0;
  Bytes body;   // without the packet header
  Bytes whole;  // with it
};
inline constexpr std::uint8_t kOpenPgpSignatureTag = 2;
inline constexpr std::uint8_t kOpenPgpPublicKeyTag = 6;
inline constexpr std::uint8_t kOpenPgpSubkeyTag = 14;

// Numbers of public key algorithms that we can verify.
inline constexpr std::uint8_t kOpenPgpRsa = 1;
inline constexpr std::uint8_t kOpenPgpRsaSignOnly = 3;
inline constexpr std::uint8_t kOpenPgpEcdsa = 19;
inline constexpr std::uint8_t kOpenPgpEdDsa = 22;

// Splits bytes into packets of both header formats.
// Errors: EBADMSG if bytes are not whole packets, or for a partial or
// indeterminate length; EFBIG for more than max_packets.
// Threads: pure function. Source: RFC 4880, section 4.2.
Result<std::vector<OpenPgpPacket>> SplitOpenPgpPackets(Bytes bytes,
                                                       std::size_t max_packets);

// A signature of version 3 or 4 over a binary document (type 0x00).
struct OpenPgpSignature {
  std::uint8_t key_algorithm = 0;
  std::uint8_t hash_algorithm = 0;
  std::uint32_t created = 0;        // seconds since 1970
  std::uint32_t expires_after = 0;  // seconds after created; 0: never
  // 40 hexadecimal digits of a fingerprint or 16 of a key id; lower case. It
  // need not be covered by the signature: a hint, never proof.
  std::string issuer;
  ByteVector trailer;  // what is hashed after the signed bytes
  // The algorithm's numbers, big-endian without leading zeros; borrowed from
  // the body. Empty for an algorithm that is not listed above.
  std::vector<Bytes> numbers;
};

// Reads the body of a signature packet.
// Errors: EBADMSG if it is truncated, has bytes left over, has no creation
// time that the signature covers, or does not name its key; EOPNOTSUPP for
// another version or type, or for a critical subpacket that is not known. The
// message is one line.
// Threads: pure function. Source: RFC 4880, section 5.2.
Result<OpenPgpSignature> ParseOpenPgpSignature(Bytes body);

// What a certificate is sorted by: a signature of any type, not verified.
struct OpenPgpSignatureOutline {
  std::uint8_t type = 0;
  std::uint32_t created = 0;   // seconds since 1970; 0: it does not say
  bool has_key_flags = false;  // subpacket 27 with a value, covered
};

// Reads as much as there is of a signature of version 2 to 4. Nothing if that
// is no type. Threads: pure function.
std::optional<OpenPgpSignatureOutline> OutlineOpenPgpSignature(Bytes body);

// The public part of a version 4 key.
struct OpenPgpKeyNumbers {
  std::uint8_t algorithm = 0;
  Bytes curve;                 // object identifier; ECDSA and EdDSA only
  std::vector<Bytes> numbers;  // RSA: modulus, exponent; else: the point
};

// Reads the body of a public key or subkey packet; spans borrow it.
// Errors: EBADMSG if it is truncated or has bytes left over; EOPNOTSUPP for
// another version or an algorithm that is not listed above.
// Threads: pure function. Source: RFC 4880, section 5.5; RFC 6637, section 9.
Result<OpenPgpKeyNumbers> ParseOpenPgpKey(Bytes body);

}  // namespace assayfs
