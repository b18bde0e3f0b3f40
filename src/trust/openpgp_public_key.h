// SPDX-License-Identifier: Apache-2.0
// OpenPgpPublicKey: one key that can check digests, over OpenSSL.
#pragma once

#include <memory>

#include "crypto/digest.h"
#include "trust/openpgp_packets.h"

namespace assayfs {

// A public key for RSA (PKCS#1 v1.5), ECDSA on the NIST curves, or Ed25519.
//
// Threads: immutable; Verifies may be called by several threads at once.
class OpenPgpPublicKey {
 public:
  // key: the body of a version 4 key or subkey packet. Not kept.
  // Errors: those of ParseOpenPgpKey; EOPNOTSUPP for a curve that is not
  // known; EBADMSG if OpenSSL refuses the numbers.
  static Result<OpenPgpPublicKey> Create(Bytes key);
  OpenPgpPublicKey(OpenPgpPublicKey&&) noexcept;
  OpenPgpPublicKey& operator=(OpenPgpPublicKey&&) noexcept;
  ~OpenPgpPublicKey();

  // Says whether the signature's numbers match digest, which must be of the
  // bytes that it covers and its trailer.
  bool Verifies(const OpenPgpSignature& signature, const Digest& digest) const;

  // RSA: false for a modulus below 2,048 bits. Always true for the others.
  bool IsLongEnough() const;

 private:
  struct State;
  explicit OpenPgpPublicKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
