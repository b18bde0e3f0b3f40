// SPDX-License-Identifier: Apache-2.0
// Pkcs7Crls: certificate revocation lists (CRLs) and what they revoke.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

// OpenSSL's X509 and STACK_OF(X509).
struct x509_st;
struct stack_st_X509;

namespace assayfs {

// A set of CRLs. What a CRL lists is revoked if the key of the certificate's
// issuer signed it, whenever, for whatever reason and with whatever hash: to
// take too much for revoked is the safe error. A CRL counts on after its
// nextUpdate has passed: the clock of a machine that boots can be wrong, and a
// revocation does not end.
// Threads: immutable once filled.
class Pkcs7Crls {
 public:
  Pkcs7Crls();
  Pkcs7Crls(Pkcs7Crls&&) noexcept;
  Pkcs7Crls& operator=(Pkcs7Crls&&) noexcept;
  ~Pkcs7Crls();

  // Takes one CRL, in PEM or in DER. source: the name for Strays.
  // Errors: EBADMSG if OpenSSL cannot read it; EOPNOTSUPP for a delta CRL, an
  // indirect one, and one of attribute certificates. Source: RFC 5280,
  // section 5.
  Result<void> Add(Bytes crl, std::string source);

  // Returns one line for each CRL that no certificate of these signed.
  std::vector<std::string> Strays(const stack_st_X509* certificates) const;

  // Returns the first certificate of chain that is revoked; null if none is.
  // The CRL may be signed by one of chain or of trusted. chain: verified.
  const x509_st* FindRevoked(const stack_st_X509* chain,
                             const stack_st_X509* trusted) const;

 private:
  struct Entry;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace assayfs
