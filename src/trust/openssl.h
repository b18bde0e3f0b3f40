// SPDX-License-Identifier: Apache-2.0
// Owners of OpenSSL's objects, and the text of its errors.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace assayfs::openssl {

// A deleter that calls kFree.
template <auto kFree>
struct FreeBy {
  template <typename Object>
  void operator()(Object* object) const {
    kFree(object);
  }
};
template <typename Object, auto kFree>
using Owned = std::unique_ptr<Object, FreeBy<kFree>>;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Bio = Owned<BIO, BIO_free_all>;

// Frees the certificates, too.
inline void FreeCertificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using Certificates = Owned<STACK_OF(X509), FreeCertificates>;

// Returns the reason of the last error of this thread, or "OpenSSL failed" if
// it gave none, and forgets all of them. Threads: any; errors are per thread.
std::string TakeErrorText();

}  // namespace assayfs::openssl
