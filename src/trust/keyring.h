// SPDX-License-Identifier: Apache-2.0
// Keyring: the keys that the administrator trusts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assayfs/signature_verifier.h"
#include "base/result.h"

namespace assayfs {

// A fixed set of OpenPGP keys (.asc, armoured, several blocks allowed),
// X.509 certificates (.pem, roots for PKCS#7) and X.509 CRLs (.pem, .crl).
//
// Everything that later use needs is read at Load, so that Verify opens no
// file (it may run while the keys' own folder is covered by a mount).
// Threads: immutable; Verify may be called by several threads at once.
class Keyring : public SignatureVerifier {
 public:
  // Loads every path: a file, or all *.asc, *.pem and *.crl of a folder, sorted
  // by name. A file in a folder that holds no usable key or CRL is left out and
  // named in problems(), and so is a CRL that no trusted certificate signed.
  // Errors: ENOENT and the like for a path that cannot be read; EBADMSG if a
  // path given as a file holds no usable key or CRL; ENOKEY if there is no
  // usable key at all; EFBIG for a file over 16 MiB. Messages name the path and
  // say what to do.
  static Result<std::shared_ptr<const Keyring>> Load(
      const std::vector<std::string>& paths);

  ~Keyring() override;

  SignatureCheck Verify(SignatureFormat format,
                        std::span<const std::byte> signed_bytes,
                        std::span<const std::byte> signature) const override;

  // Keys and files that were not taken, one line each.
  const std::vector<std::string>& problems() const { return problems_; }
  // Number of trusted OpenPGP keys and X.509 certificates.
  std::size_t size() const;

 private:
  struct State;
  Keyring();

  std::unique_ptr<State> state_;
  std::vector<std::string> problems_;
};

}  // namespace assayfs
