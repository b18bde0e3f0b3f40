// SPDX-License-Identifier: Apache-2.0
// OpenPGP certificates: what each of their keys may vouch for, by librnp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// One primary key or subkey of a certificate.
struct OpenPgpKey {
  std::string fingerprint;        // 40 lower-case hexadecimal digits
  std::string certificate;        // fingerprint of the primary key
  std::string user_id;            // of the certificate; may be empty
  bool revoked = false;           // it or the primary key, for whatever reason
  bool may_sign = false;          // by its key flags
  std::uint32_t created = 0;      // seconds since 1970
  std::uint64_t valid_until = 0;  // the same; 0: not bound by a good signature
  ByteVector packet;              // body of the key's packet
};

// Takes the certificates out of one armoured block, one element each, as
// binary packets. Whether they are good is for ReadOpenPgpKeys.
// Errors: EBADMSG if the armour or a packet is broken, or there is none.
// Threads: as ReadOpenPgpKeys.
Result<std::vector<ByteVector>> SplitOpenPgpBlock(std::string_view block);

// Reads all keys of certificates and checks their self-signatures. Copies of
// one certificate are merged: a revocation in one counts for all. What one
// certificate says of another's keys counts for nothing.
// A subkey with a bad binding signature is never valid; the other keys of its
// certificate are not affected. For a subkey that may sign, the binding must
// say so, and must hold the subkey's own signature (type 0x19).
// Self-signatures may lie in the future, as the clock may be slow. Those with
// MD5, and those with SHA-1 that say they are from 2024 or later, are bad. For
// revocations no hash is too weak and no time too late; those by another key,
// which a certificate may appoint, are not looked at.
//
// Errors: EBADMSG if librnp refuses a certificate as a whole, or if a subkey
// in it has no binding signature at all; EIO if librnp fails.
// Threads: any; calls take turns, because librnp's messages are kept off
// stderr meanwhile. Reads no file but /dev/null and /dev/urandom.
Result<std::vector<OpenPgpKey>> ReadOpenPgpKeys(
    const std::vector<ByteVector>& certificates);

}  // namespace assayfs
