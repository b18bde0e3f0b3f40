// SPDX-License-Identifier: Apache-2.0
// Signing with an X.509 key, as the kernel's sign-file and Keyring expect it.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// A private key and its certificate.
//
// Threads: one object, one thread.
class Pkcs7Signer {
 public:
  // Both are PEM files. Certificates after the first one in certificate_path
  // go into the signatures as well: those between it and the root. A key
  // with a pass phrase asks for it on the terminal.
  // Errors: EBADMSG if a file holds no key or certificate, EINVAL if they do
  // not belong together, those of open(2).
  static Result<Pkcs7Signer> Load(const std::string& key_path,
                                  const std::string& certificate_path);
  Pkcs7Signer(Pkcs7Signer&&) noexcept;
  Pkcs7Signer& operator=(Pkcs7Signer&&) noexcept;
  ~Pkcs7Signer();

  // Returns the DER of a detached CMS SignedData over bytes, with SHA-256 and
  // without signed attributes. Errors: EIO with OpenSSL's words.
  Result<ByteVector> Sign(Bytes bytes) const;

 private:
  struct State;
  explicit Pkcs7Signer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
