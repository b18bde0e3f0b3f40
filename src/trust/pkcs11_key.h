// SPDX-License-Identifier: Apache-2.0
// A private key that stays in a PKCS#11 token: a smart card, an HSM.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// An RSA or EC key in a token that we are logged in to, as long as this lives.
//
// Threads: one object, one thread. The first Open makes p11-kit write no
// messages of its own, for the whole process.
class Pkcs11Key {
 public:
  // Says whether text is meant as a URI of RFC 7512, and not as a file name.
  static bool IsUri(std::string_view text);

  // Opens the one private key that uri names. Modules are those that p11-kit
  // is configured with, or only the one of "module-path". The PIN is taken from
  // "pin-value" or "pin-source"; else it is asked for on the terminal, or on
  // the token's own keypad. It is tried once, and with one token only.
  // Errors, none of which holds uri or the PIN: EINVAL if uri is no such URI or
  // not one of a private key, if several tokens or keys match, or there is no
  // PIN; ENODEV if the module cannot be used or no token matches; ENOENT if no
  // key matches; EACCES if the PIN is wrong or locked; EOPNOTSUPP for a key
  // that is neither RSA nor EC; EIO if the token failed; those of
  // ReadPinSource.
  static Result<Pkcs11Key> Open(const std::string& uri);
  Pkcs11Key(Pkcs11Key&&) noexcept;
  Pkcs11Key& operator=(Pkcs11Key&&) noexcept;
  ~Pkcs11Key();

  // Signs a SHA-256 digest. Returns the signature as X.509 and CMS have it:
  // PKCS #1 v1.5 for RSA, DER of ECDSA-Sig-Value for EC.
  // digest: 32 bytes. Errors: EIO if the token failed; EACCES if a key that
  // asks for the PIN each time refuses it.
  Result<ByteVector> SignSha256(Bytes digest) const;

 private:
  struct State;
  explicit Pkcs11Key(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
