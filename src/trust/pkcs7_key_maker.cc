// SPDX-License-Identifier: Apache-2.0
// Making X.509 keys for tests of policies.
#include "trust/pkcs7_key_maker.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <span>

#include "base/files.h"
#include "crypto/hasher.h"
#include "trust/openssl.h"

namespace assayfs {
namespace {

using openssl::Bio;
using openssl::Certificate;
using openssl::Key;

tl::unexpected<Error> OpensslFailed() {
  return Fail(EIO, openssl::TakeErrorText());
}

bool AddExtension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  const bool added =
      extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

Result<Certificate> SelfSigned(EVP_PKEY* key, const std::string& name) {
  constexpr long kTenYears = 10L * 365 * 24 * 60 * 60;
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  if (x == nullptr) return OpensslFailed();
  X509_NAME* const subject = X509_get_subject_name(x);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  const bool made =
      X509_set_version(x, X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
      // A clock that is a little behind must not make it one of tomorrow.
      X509_gmtime_adj(X509_getm_notBefore(x), -3600) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(x), kTenYears) != nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1,
                                 0) == 1 &&
      X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1 &&
      AddExtension(x, NID_basic_constraints, "critical,CA:TRUE") &&
      AddExtension(x, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
      AddExtension(x, NID_subject_key_identifier, "hash") &&
      X509_sign(x, key, EVP_sha256()) > 0;
  if (!made) return OpensslFailed();
  return certificate;
}

Bytes Contents(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
}

Result<std::string> FingerprintOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return OpensslFailed();
  const auto digest =
      HashBytes(HashAlgorithm::kSha256,
                std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  if (!digest) return Fail(digest.error());
  return digest->Hex();
}

}  // namespace

Result<MadeKey> MakePkcs7Key(const std::string& folder,
                             const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpensslFailed();
  const auto certificate = SelfSigned(key.get(), name);
  if (!certificate) return Fail(certificate.error());
  const Bio key_pem(BIO_new(BIO_s_mem()));
  const Bio certificate_pem(BIO_new(BIO_s_mem()));
  const bool written =
      key_pem != nullptr && certificate_pem != nullptr &&
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0,
                               nullptr, nullptr) == 1 &&
      PEM_write_bio_X509(certificate_pem.get(), certificate->get()) == 1;
  if (!written) return OpensslFailed();
  const auto fingerprint = FingerprintOf(certificate->get());
  if (!fingerprint) return Fail(fingerprint.error());
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  auto done = ReplaceFileAt(fd.get(), name + ".key", Contents(key_pem), 0600);
  if (done) {
    done =
        ReplaceFileAt(fd.get(), name + ".pem", Contents(certificate_pem), 0644);
  }
  if (!done) return Fail(std::move(done).error());
  const std::string base = folder + "/" + name;
  return MadeKey{base + ".key", base + ".pem", *fingerprint};
}

}  // namespace assayfs
