// SPDX-License-Identifier: Apache-2.0
// Pkcs7Verifier: detached CMS signatures against trusted X.509 certificates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// Checks DER of a detached CMS SignedData with one signer, as the kernel's
// sign-file and `openssl cms -sign -binary` make it. The signer's certificate
// may be in the signature or be a trusted one.
//
// What counts: SHA-256, SHA-384 or SHA-512; a chain to a trusted certificate,
// which need not be self-signed; in the chain, 112 bits of security (RSA of
// 2,048 bits, no SHA-1); digitalSignature in the signer's key usage, if it has
// one. If the signer's certificate is not itself a trusted one and has an
// extended key usage, that must allow code signing or everything.
// Validity in time is judged at the signing time that the signature states,
// which is the signer's word. Without one, as from sign-file, it is not judged
// at all; the kernel does the same. What a CRL revokes is never good, whatever
// the time; CRLs inside a signature are not looked at, and none has to be
// there. Threads: immutable once filled; Verify opens no file.
class Pkcs7Verifier {
 public:
  Pkcs7Verifier();
  Pkcs7Verifier(Pkcs7Verifier&&) noexcept;
  Pkcs7Verifier& operator=(Pkcs7Verifier&&) noexcept;
  ~Pkcs7Verifier();

  // Trusts one certificate in PEM. A certificate that comes twice counts once.
  // Errors: EBADMSG if OpenSSL cannot read it; ENOMEM.
  Result<void> AddCertificate(std::string_view pem);

  // Takes one CRL, as Pkcs7Crls::Add does.
  Result<void> AddCrl(Bytes crl, std::string source);

  // Returns one line for each CRL that no trusted certificate signed, when all
  // have been added. Such a CRL counts for signatures that bring its issuer's
  // certificate along.
  std::vector<std::string> StrayCrls() const;

  // As SignatureVerifier::Verify for SignatureFormat::kPkcs7.
  SignatureCheck Verify(Bytes signed_bytes, Bytes signature) const;

  // Number of trusted certificates.
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assayfs
