// SPDX-License-Identifier: Apache-2.0
// Signing with an X.509 key, through OpenSSL's CMS.
#include "trust/pkcs7_signer.h"

#include <fcntl.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <utility>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxKeyBytes = std::size_t{1} << 20;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const {
    sk_X509_pop_free(stack, X509_free);
  }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeCms {
  void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;
using Bio = std::unique_ptr<BIO, FreeBio>;
using Cms = std::unique_ptr<CMS_ContentInfo, FreeCms>;

// Returns what OpenSSL said last, and forgets all of it.
std::string OpensslText() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "OpenSSL failed" : reason;
  ERR_clear_error();
  return text;
}

Bio BytesBio(Bytes bytes) {
  if (bytes.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<ByteVector> ReadPem(const std::string& path) {
  return ReadFileAt(AT_FDCWD, path, kMaxKeyBytes);
}

Result<Key> LoadKey(const std::string& path) {
  auto pem = ReadPem(path);
  if (!pem) return Fail(pem.error());
  const Bio bio = BytesBio(*pem);
  Key key(bio == nullptr
              ? nullptr
              : PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key == nullptr) {
    return Fail(EBADMSG,
                path + ": not a private key in PEM form: " + OpensslText());
  }
  return key;
}

}  // namespace

struct Pkcs7Signer::State {
  Key key;
  Certificate certificate;
  Stack others;
};

Pkcs7Signer::Pkcs7Signer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
Pkcs7Signer::Pkcs7Signer(Pkcs7Signer&&) noexcept = default;
Pkcs7Signer& Pkcs7Signer::operator=(Pkcs7Signer&&) noexcept = default;
Pkcs7Signer::~Pkcs7Signer() = default;

Result<Pkcs7Signer> Pkcs7Signer::Load(const std::string& key_path,
                                      const std::string& certificate_path) {
  auto state = std::make_unique<State>();
  auto key = LoadKey(key_path);
  if (!key) return Fail(key.error());
  state->key = std::move(*key);
  const auto pem = ReadPem(certificate_path);
  if (!pem) return Fail(pem.error());
  const Bio bio = BytesBio(*pem);
  state->certificate.reset(
      bio == nullptr ? nullptr
                     : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (state->certificate == nullptr) {
    return Fail(
        EBADMSG,
        certificate_path + ": not a certificate in PEM form: " + OpensslText());
  }
  state->others.reset(sk_X509_new_null());
  while (X509* other =
             PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (sk_X509_push(state->others.get(), other) == 0) X509_free(other);
  }
  ERR_clear_error();  // the end of the file counts as an error
  if (X509_check_private_key(state->certificate.get(), state->key.get()) != 1) {
    ERR_clear_error();
    return Fail(EINVAL, key_path + ": not the key of the certificate in " +
                            certificate_path);
  }
  return Pkcs7Signer(std::move(state));
}

Result<ByteVector> Pkcs7Signer::Sign(Bytes bytes) const {
  constexpr unsigned kFlags = CMS_DETACHED | CMS_BINARY | CMS_STREAM;
  const Bio content = BytesBio(bytes);
  const Cms cms(CMS_sign(nullptr, nullptr, state_->others.get(), nullptr,
                         kFlags | CMS_PARTIAL));
  if (content == nullptr || cms == nullptr ||
      CMS_add1_signer(cms.get(), state_->certificate.get(), state_->key.get(),
                      EVP_sha256(),
                      CMS_BINARY | CMS_NOATTR | CMS_NOSMIMECAP) == nullptr ||
      CMS_final(cms.get(), content.get(), nullptr, kFlags) != 1) {
    return Fail(EIO, "cannot sign: " + OpensslText());
  }
  unsigned char* der = nullptr;
  const int length = i2d_CMS_ContentInfo(cms.get(), &der);
  if (length <= 0) return Fail(EIO, "cannot sign: " + OpensslText());
  const auto* first = reinterpret_cast<const std::byte*>(der);
  ByteVector signature(first, first + length);
  OPENSSL_free(der);
  return signature;
}

}  // namespace assayfs
