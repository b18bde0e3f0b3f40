// SPDX-License-Identifier: Apache-2.0
// OpenPgpVerifier: OpenPGP signatures against a fixed set of keys.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assayfs/signature_verifier.h"
#include "trust/openpgp_certificates.h"
#include "trust/openpgp_public_key.h"

namespace assayfs {

// Larger signatures are malformed; the largest real one has 5 KB.
inline constexpr std::size_t kMaxSignatureBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxSignaturePackets = 16;

// Checks signature packets.
//
// What counts: a binary-document signature of version 3 or 4 with SHA-256,
// SHA-384 or SHA-512, by a key that was bound and not expired when the
// signature was made. That time is the signer's word, and it may lie in the
// future: the clock of a machine that boots can be wrong. A revoked key is
// never good, whatever the time.
// Threads: immutable once filled; Verify opens no file and takes no lock.
class OpenPgpVerifier {
 public:
  // Returns why key can never make a good signature; empty if it can.
  static std::string WhyUseless(const OpenPgpKey& key);

  // Adds a key. A revoked or useless one serves to say so at Verify.
  void Add(OpenPgpKey key);

  // As SignatureVerifier::Verify for SignatureFormat::kOpenPgp. The signer's
  // fingerprint is that of the certificate, also if a subkey signed.
  SignatureCheck Verify(Bytes signed_bytes, Bytes signature) const;

  // Number of certificates with a key that can make good signatures.
  std::size_t size() const;

 private:
  struct Entry {
    OpenPgpKey key;
    Result<OpenPgpPublicKey> numbers;
  };

  static SignatureCheck CheckWithKey(const Entry& entry, Bytes signed_bytes,
                                     const OpenPgpSignature& signature,
                                     HashAlgorithm algorithm);
  SignatureCheck CheckPacket(Bytes signed_bytes,
                             const OpenPgpPacket& packet) const;

  // Numbers of entries_, by fingerprint and by its last 16 digits, the key id.
  // Two keys may share a key id.
  std::multimap<std::string, std::size_t, std::less<>> by_issuer_;
  std::vector<Entry> entries_;
};

}  // namespace assayfs
