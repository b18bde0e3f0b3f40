// SPDX-License-Identifier: Apache-2.0
// Pkcs7Crls: certificate revocation lists (CRLs) and what they revoke.
#include "trust/pkcs7_crls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <climits>
#include <utility>

namespace assayfs {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Crl = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using Scope =
    std::unique_ptr<ISSUING_DIST_POINT, Deleter<ISSUING_DIST_POINT_free>>;

Crl ReadPem(Bytes bytes) {
  const Bio in(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (!in) return nullptr;
  return Crl(PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
}

// Reads the whole of bytes, or nothing.
Crl ReadDer(Bytes bytes) {
  const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* at = start;
  Crl crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size())));
  if (crl && at != start + bytes.size()) return nullptr;
  return crl;
}

// Says whether an entry is about a certificate of another issuer.
bool HasForeignEntry(X509_CRL* crl) {
  STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
    if (X509_REVOKED_get_ext_by_NID(sk_X509_REVOKED_value(revoked, i),
                                    NID_certificate_issuer, -1) >= 0) {
      return true;
    }
  }
  return false;
}

// Says why a CRL does not mean what a plain one does; empty if it does.
std::string WhyRefused(X509_CRL* crl) {
  if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) {
    return "delta CRLs are not supported; give the full one";
  }
  int critical = -1;  // stays so if there is no such extension
  const Scope scope(static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(
      crl, NID_issuing_distribution_point, &critical, nullptr)));
  if (!scope && critical != -1) return "the scope of the CRL cannot be read";
  if ((scope && scope->indirectCRL > 0) || HasForeignEntry(crl)) {
    return "indirect CRLs are not supported";
  }
  if (scope && scope->onlyattr > 0) return "a CRL of attribute certificates";
  return {};
}

// The hash and the key usage are not looked at: whoever can issue a
// certificate can withdraw it.
bool IsSignedBy(X509_CRL* crl, X509* issuer) {
  EVP_PKEY* key = X509_get0_pubkey(issuer);
  return key != nullptr &&
         X509_NAME_cmp(X509_get_subject_name(issuer),
                       X509_CRL_get_issuer(crl)) == 0 &&
         X509_CRL_verify(crl, key) == 1;
}

bool IsSignedByOneOf(X509_CRL* crl, const STACK_OF(X509) * certificates) {
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    if (IsSignedBy(crl, sk_X509_value(certificates, i))) return true;
  }
  return false;
}

bool Names(X509_CRL* crl, const X509* certificate) {
  X509_REVOKED* entry = nullptr;
  return X509_NAME_cmp(X509_get_issuer_name(certificate),
                       X509_CRL_get_issuer(crl)) == 0 &&
         X509_CRL_get0_by_serial(crl, &entry,
                                 X509_get0_serialNumber(certificate)) != 0;
}

}  // namespace

struct Pkcs7Crls::Entry {
  Crl crl;
  std::string source;
};

Pkcs7Crls::Pkcs7Crls() = default;
Pkcs7Crls::Pkcs7Crls(Pkcs7Crls&&) noexcept = default;
Pkcs7Crls& Pkcs7Crls::operator=(Pkcs7Crls&&) noexcept = default;
Pkcs7Crls::~Pkcs7Crls() = default;

Result<void> Pkcs7Crls::Add(Bytes crl, std::string source) {
  if (crl.size() > INT_MAX) return Fail(EBADMSG, "not a CRL: too large");
  const bool is_pem = AsText(crl).starts_with("-----BEGIN ");
  Crl read = is_pem ? ReadPem(crl) : ReadDer(crl);
  const std::string why = read ? WhyRefused(read.get()) : "";
  ERR_clear_error();
  if (!read) return Fail(EBADMSG, "not an X.509 CRL in PEM or DER");
  if (!why.empty()) return Fail(EOPNOTSUPP, why);
  entries_.push_back(
      std::make_unique<Entry>(Entry{std::move(read), std::move(source)}));
  return {};
}

std::vector<std::string> Pkcs7Crls::Strays(const STACK_OF(X509) *
                                           certificates) const {
  std::vector<std::string> strays;
  for (const auto& entry : entries_) {
    if (!IsSignedByOneOf(entry->crl.get(), certificates)) {
      strays.push_back(entry->source +
                       ": no trusted certificate signed the CRL; it counts "
                       "only where a signature brings its issuer along");
    }
  }
  ERR_clear_error();
  return strays;
}

const X509* Pkcs7Crls::FindRevoked(const STACK_OF(X509) * chain,
                                   const STACK_OF(X509) * trusted) const {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    for (const auto& entry : entries_) {
      X509_CRL* crl = entry->crl.get();
      if (Names(crl, certificate) &&
          (IsSignedByOneOf(crl, chain) || IsSignedByOneOf(crl, trusted))) {
        return certificate;
      }
    }
  }
  return nullptr;
}

}  // namespace assayfs
