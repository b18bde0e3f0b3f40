// SPDX-License-Identifier: Apache-2.0
// Signing with an X.509 key, as the kernel's sign-file and Keyring expect it.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// A private key and its certificate. The key may stay in a PKCS#11 token; we
// are logged in to that as long as this lives.
//
// Threads: one object, one thread.
class Pkcs7Signer {
 public:
  // key: a PEM file, or a URI for which Pkcs11Key::IsUri. A key file with a
  // pass phrase asks for it on the terminal. A token signs once in here, which
  // shows whether key and certificate belong together.
  // certificate_path: a PEM file. Certificates after the first one go into the
  // signatures as well: those between it and the root.
  // Errors: EBADMSG if a file holds no key or certificate, EINVAL if they do
  // not belong together, those of open(2) and of Pkcs11Key.
  static Result<Pkcs7Signer> Load(const std::string& key,
                                  const std::string& certificate_path);
  Pkcs7Signer(Pkcs7Signer&&) noexcept;
  Pkcs7Signer& operator=(Pkcs7Signer&&) noexcept;
  ~Pkcs7Signer();

  // Returns the DER of a detached CMS SignedData over bytes, with SHA-256 and
  // without signed attributes. Errors: EIO with OpenSSL's words, those of
  // Pkcs11Key::SignSha256.
  Result<ByteVector> Sign(Bytes bytes) const;

 private:
  struct State;
  explicit Pkcs7Signer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
