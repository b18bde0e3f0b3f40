// SPDX-License-Identifier: Apache-2.0
// Signing with an X.509 key, through OpenSSL's CMS.
#include "trust/pkcs7_signer.h"

#include <fcntl.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <optional>
#include <utility>

#include "base/files.h"
#include "crypto/hasher.h"
#include "trust/openssl.h"
#include "trust/pkcs11_key.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxKeyBytes = std::size_t{1} << 20;

using openssl::Bio;
using openssl::Certificate;
using openssl::Certificates;
using openssl::Key;
using Cms = openssl::Owned<CMS_ContentInfo, CMS_ContentInfo_free>;
using Context = openssl::Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

// Borrows from bytes.
const unsigned char* Octets(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
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
    return Fail(EBADMSG, path + ": not a private key in PEM form: " +
                             openssl::TakeErrorText());
  }
  return key;
}

// Says whether key, a public one, accepts a signature with SHA-256 over bytes.
bool Accepts(EVP_PKEY* key, Bytes bytes, Bytes signature) {
  const Context context(EVP_MD_CTX_new());
  const bool good =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                           key) == 1 &&
      EVP_DigestVerify(context.get(), Octets(signature), signature.size(),
                       Octets(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<ByteVector> SignInToken(const Pkcs11Key& token, Bytes bytes) {
  const auto digest = HashBytes(HashAlgorithm::kSha256, bytes);
  if (!digest) return Fail(digest.error());
  return token.SignSha256(digest->value());
}

// Says whether the certificate is that of the key in the token. Only a trial
// signature tells: a token need not hold the public key.
// Errors: as SignInToken.
Result<bool> Fits(const Pkcs11Key& token, const X509* certificate) {
  const Bytes trial = AsBytes("assayfs: do they belong together?");
  const auto signature = SignInToken(token, trial);
  if (!signature) return Fail(signature.error());
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return key != nullptr && Accepts(key, trial, *signature);
}

// Does what CMS_final would: without signed attributes, the signature over the
// content is all that is missing. Errors: as SignInToken, EIO.
Result<void> FillIn(const Pkcs11Key& token, Bytes content,
                    CMS_SignerInfo* signer) {
  const auto signature = SignInToken(token, content);
  if (!signature) return Fail(signature.error());
  if (ASN1_STRING_set(CMS_SignerInfo_get0_signature(signer), signature->data(),
                      static_cast<int>(signature->size())) != 1) {
    return Fail(EIO, "cannot sign: " + openssl::TakeErrorText());
  }
  return {};
}

Result<ByteVector> Der(CMS_ContentInfo* cms) {
  unsigned char* der = nullptr;
  const int length = i2d_CMS_ContentInfo(cms, &der);
  if (length <= 0) return Fail(EIO, "cannot sign: " + openssl::TakeErrorText());
  const auto* first = reinterpret_cast<const std::byte*>(der);
  ByteVector bytes(first, first + length);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

struct Pkcs7Signer::State {
  Result<void> LoadCertificates(const std::string& path);
  Result<bool> OpenKey(const std::string& key);
  EVP_PKEY* KeyForCms() const;

  Key key;                         // from a file, or none
  std::optional<Pkcs11Key> token;  // if there is no key
  Certificate certificate;
  Certificates others;
};

Result<void> Pkcs7Signer::State::LoadCertificates(const std::string& path) {
  const auto pem = ReadPem(path);
  if (!pem) return Fail(pem.error());
  const Bio bio = BytesBio(*pem);
  certificate.reset(
      bio == nullptr ? nullptr
                     : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return Fail(EBADMSG, path + ": not a certificate in PEM form: " +
                             openssl::TakeErrorText());
  }
  others.reset(sk_X509_new_null());
  while (X509* other =
             PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (sk_X509_push(others.get(), other) == 0) X509_free(other);
  }
  ERR_clear_error();  // the end of the file counts as an error
  return {};
}

// Says whether the key belongs to the certificate, which is there already.
Result<bool> Pkcs7Signer::State::OpenKey(const std::string& name) {
  if (Pkcs11Key::IsUri(name)) {
    auto opened = Pkcs11Key::Open(name);
    if (!opened) return Fail(opened.error());
    token.emplace(std::move(*opened));
    return Fits(*token, certificate.get());
  }
  auto loaded = LoadKey(name);
  if (!loaded) return Fail(loaded.error());
  key = std::move(*loaded);
  const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return fits;
}

// CMS fills in what it says of the signer by the kind of key: for that the
// public one will do.
EVP_PKEY* Pkcs7Signer::State::KeyForCms() const {
  return token ? X509_get0_pubkey(certificate.get()) : key.get();
}

Pkcs7Signer::Pkcs7Signer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
Pkcs7Signer::Pkcs7Signer(Pkcs7Signer&&) noexcept = default;
Pkcs7Signer& Pkcs7Signer::operator=(Pkcs7Signer&&) noexcept = default;
Pkcs7Signer::~Pkcs7Signer() = default;

Result<Pkcs7Signer> Pkcs7Signer::Load(const std::string& key,
                                      const std::string& certificate_path) {
  auto state = std::make_unique<State>();
  // First, so that nobody types a pass phrase or a PIN in vain.
  const auto certified = state->LoadCertificates(certificate_path);
  if (!certified) return Fail(certified.error());
  const auto fits = state->OpenKey(key);
  if (!fits) return Fail(fits.error());
  if (!*fits) {
    // A URI may hold a PIN.
    const std::string name = state->token ? "the key in the token" : key;
    return Fail(EINVAL, name + ": not the key of the certificate in " +
                            certificate_path);
  }
  return Pkcs7Signer(std::move(state));
}

Result<ByteVector> Pkcs7Signer::Sign(Bytes bytes) const {
  constexpr unsigned kFlags = CMS_DETACHED | CMS_BINARY | CMS_STREAM;
  const Bio content = BytesBio(bytes);
  const Cms cms(CMS_sign(nullptr, nullptr, state_->others.get(), nullptr,
                         kFlags | CMS_PARTIAL));
  CMS_SignerInfo* signer =
      content == nullptr || cms == nullptr
          ? nullptr
          : CMS_add1_signer(cms.get(), state_->certificate.get(),
                            state_->KeyForCms(), EVP_sha256(),
                            CMS_BINARY | CMS_NOATTR | CMS_NOSMIMECAP);
  if (signer == nullptr)
    return Fail(EIO, "cannot sign: " + openssl::TakeErrorText());
  if (state_->token) {
    const auto filled = FillIn(*state_->token, bytes, signer);
    if (!filled) return Fail(filled.error());
  } else if (CMS_final(cms.get(), content.get(), nullptr, kFlags) != 1) {
    return Fail(EIO, "cannot sign: " + openssl::TakeErrorText());
  }
  return Der(cms.get());
}

}  // namespace assayfs
