// SPDX-License-Identifier: Apache-2.0
// The seam between digest lists and whatever checks their signatures.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assayfs {

// How a signature is encoded. kOpenPgp: one or more binary OpenPGP signature
// packets, one after another. kPkcs7: DER of a detached CMS SignedData.
enum class SignatureFormat { kOpenPgp, kPkcs7 };

enum class SignatureStatus {
  kGood,         // made by a trusted key over exactly these bytes
  kNoKey,        // well formed, but no trusted key could have made it
  kBad,          // names a trusted key, but does not match the bytes
  kKeyRejected,  // the key that made it is revoked, expired then, or unusable
  kWeak,         // relies on MD5 or SHA-1, or on a key that is too short
  kMalformed,    // not a signature, or of a kind that cannot be read
};

// Who made a good signature. fingerprint: lower-case hexadecimal digits of the
// OpenPGP key, or of the SHA-256 of the X.509 certificate. name: user ID or
// subject, for people only. keys: the fingerprints of all that the signature
// hangs on: of key and subkey, or of the certificates up to the one trusted.
struct Signer {
  std::string fingerprint;
  std::string name;
  std::vector<std::string> keys = {};
};

struct SignatureCheck {
  SignatureStatus status = SignatureStatus::kMalformed;
  Signer signer;       // filled in for kGood only
  std::string detail;  // one line for people, such as the id of a missing key
};

// Checks detached signatures against a fixed set of trusted keys.
//
// Threads: Verify may be called by several threads at once.
class SignatureVerifier {
 public:
  virtual ~SignatureVerifier() = default;

  // Checks signature over exactly signed_bytes. Both are untrusted and
  // borrowed. With several OpenPGP packets, one good packet is enough; with
  // none, the status is that of the packet that came nearest to good.
  virtual SignatureCheck Verify(SignatureFormat format,
                                std::span<const std::byte> signed_bytes,
                                std::span<const std::byte> signature) const = 0;
};

// Returns a short reason such as "no key", for messages.
constexpr std::string_view SignatureStatusText(SignatureStatus status) {
  constexpr std::array<std::string_view, 6> kTexts = {
      "good signature", "no key",         "bad signature",
      "key rejected",   "weak signature", "malformed signature"};
  return kTexts[static_cast<std::size_t>(status)];
}

}  // namespace assayfs
