// SPDX-License-Identifier: Apache-2.0
// Pkcs7Verifier: detached CMS signatures against trusted X.509 certificates.
#include "trust/pkcs7_verifier.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "trust/openssl.h"
#include "trust/pkcs7_crls.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxSignatureBytes = std::size_t{1} << 20;
constexpr int kSecurityLevel = 2;  // OpenSSL's name for 112 bits
constexpr int kSecurityBits = 112;
constexpr int kMaxChain = 8;

using openssl::Bio;
using openssl::Certificate;
using openssl::Certificates;
using Message = openssl::Owned<CMS_ContentInfo, CMS_ContentInfo_free>;
using Store = openssl::Owned<X509_STORE, X509_STORE_free>;
using StoreContext = openssl::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

SignatureCheck Failed(SignatureStatus status, std::string detail) {
  return {status, {}, "PKCS#7: " + Printable(detail)};
}

Bio OpenBio(Bytes bytes) {
  if (bytes.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Reads the whole of bytes, or nothing.
Message ReadMessage(Bytes bytes) {
  if (bytes.size() > kMaxSignatureBytes) return nullptr;
  const auto* start = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* at = start;
  Message message(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(bytes.size())));
  if (message && at != start + bytes.size()) return nullptr;
  return message;
}

std::string Name(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE) < 0) {
    return {};
  }
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return Printable(std::string_view(text, static_cast<std::size_t>(size)));
}

std::string Serial(const X509* certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  return ToHex(std::as_bytes(
      std::span(ASN1_STRING_get0_data(serial),
                static_cast<std::size_t>(ASN1_STRING_length(serial)))));
}

std::string Fingerprint(const X509* certificate) {
  std::array<std::byte, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(),
              reinterpret_cast<unsigned char*>(digest.data()), &size);
  return ToHex(Bytes(digest).first(size));
}

// The digest algorithm of a signer, as OpenSSL numbers it.
int HashOf(CMS_SignerInfo* signer) {
  X509_ALGOR* algorithm = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &algorithm, nullptr);
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

bool IsWeakHash(int hash) {
  return hash == NID_md5 || hash == NID_sha1 || hash == NID_sha224;
}
bool IsStrongHash(int hash) {
  return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

// Says whether the signer's signature covers signed_bytes. Computes the one
// digest that the signer uses; CMS_verify would compute as many as the message
// lists, which may be thousands.
bool Covers(CMS_SignerInfo* signer, Bytes signed_bytes) {
  const Bio digest(BIO_new(BIO_f_md()));
  BIO* const sink = BIO_new(BIO_s_null());
  if (!digest || sink == nullptr) {
    BIO_free(sink);
    return false;
  }
  BIO_push(digest.get(), sink);  // freed with it
  const EVP_MD* hash = EVP_get_digestbynid(HashOf(signer));
  std::size_t written = 0;
  if (hash == nullptr || BIO_set_md(digest.get(), hash) != 1 ||
      (!signed_bytes.empty() &&
       BIO_write_ex(digest.get(), signed_bytes.data(), signed_bytes.size(),
                    &written) != 1) ||
      written != signed_bytes.size()) {
    return false;
  }
  // With attributes, the signature covers them and they hold the digest.
  const bool has_attributes = CMS_signed_get_attr_count(signer) >= 0;
  return (!has_attributes || CMS_SignerInfo_verify(signer) == 1) &&
         CMS_SignerInfo_verify_content(signer, digest.get()) == 1;
}

// Returns the signing time that the signature covers.
std::optional<std::time_t> SigningTime(CMS_SignerInfo* signer) {
  const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
  X509_ATTRIBUTE* attribute =
      at < 0 ? nullptr : CMS_signed_get_attr(signer, at);
  const ASN1_TYPE* value =
      attribute == nullptr ? nullptr : X509_ATTRIBUTE_get0_type(attribute, 0);
  if (value == nullptr) return std::nullopt;
  const int type = ASN1_TYPE_get(value);
  if (type != V_ASN1_UTCTIME && type != V_ASN1_GENERALIZEDTIME) {
    return std::nullopt;
  }
  std::tm time{};
  if (ASN1_TIME_to_tm(value->value.asn1_string, &time) != 1) {
    return std::nullopt;
  }
  return ::timegm(&time);
}

SignatureStatus StatusOfChainError(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return SignatureStatus::kNoKey;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return SignatureStatus::kWeak;
    default:
      return SignatureStatus::kKeyRejected;
  }
}

bool IsAllowedToSign(X509* certificate) {
  // UINT32_MAX where there is no such extension.
  return (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0;
}

bool IsForCode(X509* certificate) {
  const std::uint32_t usage = X509_get_extended_key_usage(certificate);
  return usage == UINT32_MAX || (usage & (XKU_CODE_SIGN | XKU_ANYEKU)) != 0;
}

}  // namespace

struct Pkcs7Verifier::State {
  Store store;
  Certificates trusted;
  Pkcs7Crls crls;

  bool IsTrusted(const X509* certificate) const {
    for (int i = 0; i < sk_X509_num(trusted.get()); ++i) {
      if (X509_cmp(sk_X509_value(trusted.get(), i), certificate) == 0) {
        return true;
      }
    }
    return false;
  }

  // Judges the signer's certificate, with others to complete its chain, whose
  // fingerprints go into chain. Returns the error; nothing if it is trusted.
  std::optional<SignatureCheck> Judge(X509* certificate,
                                      STACK_OF(X509) * others,
                                      std::optional<std::time_t> when,
                                      std::vector<std::string>& chain) const;

  SignatureCheck Check(Bytes signed_bytes, Bytes signature) const;
};

std::optional<SignatureCheck> Pkcs7Verifier::State::Judge(
    X509* certificate, STACK_OF(X509) * others, std::optional<std::time_t> when,
    std::vector<std::string>& chain) const {
  const std::string name = Name(X509_get_subject_name(certificate));
  const StoreContext context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store.get(), certificate,
                                      others) != 1) {
    return Failed(SignatureStatus::kMalformed, "out of memory");
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(rules, kMaxChain);
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  if (when) {
    X509_VERIFY_PARAM_set_time(rules, *when);
  } else {
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_NO_CHECK_TIME);
  }
  if (X509_verify_cert(context.get()) != 1) {
    const int error = X509_STORE_CTX_get_error(context.get());
    return Failed(StatusOfChainError(error),
                  "certificate \"" + name +
                      "\": " + X509_verify_cert_error_string(error));
  }
  const STACK_OF(X509)* verified = X509_STORE_CTX_get0_chain(context.get());
  const X509* revoked = crls.FindRevoked(verified, trusted.get());
  if (revoked != nullptr) {
    return Failed(SignatureStatus::kKeyRejected,
                  "certificate \"" + Name(X509_get_subject_name(revoked)) +
                      "\", serial " + Serial(revoked) + ": revoked");
  }
  for (int i = 0; i < sk_X509_num(verified); ++i) {
    chain.push_back(Fingerprint(sk_X509_value(verified, i)));
  }
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_security_bits(key) < kSecurityBits) {
    return Failed(SignatureStatus::kWeak,
                  "certificate \"" + name + "\": key too short");
  }
  if (!IsAllowedToSign(certificate) ||
      (!IsTrusted(certificate) && !IsForCode(certificate))) {
    return Failed(SignatureStatus::kKeyRejected,
                  "certificate \"" + name + "\": not for signing code");
  }
  return std::nullopt;
}

SignatureCheck Pkcs7Verifier::State::Check(Bytes signed_bytes,
                                           Bytes signature) const {
  const Message message = ReadMessage(signature);
  if (!message ||
      OBJ_obj2nid(CMS_get0_type(message.get())) != NID_pkcs7_signed) {
    return Failed(SignatureStatus::kMalformed, "not a CMS SignedData in DER");
  }
  if (CMS_is_detached(message.get()) != 1) {
    return Failed(SignatureStatus::kMalformed, "carries content of its own");
  }
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(message.get());
  if (sk_CMS_SignerInfo_num(signers) != 1) {
    return Failed(SignatureStatus::kMalformed, "not exactly one signer");
  }
  CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(signers, 0);
  const int hash = HashOf(signer);
  if (IsWeakHash(hash)) {
    return Failed(SignatureStatus::kWeak, "digest algorithm too weak");
  }
  if (!IsStrongHash(hash)) {
    return Failed(SignatureStatus::kMalformed, "unknown digest algorithm");
  }
  // Trusted certificates come first, then those in the message.
  CMS_set1_signers_certs(message.get(), trusted.get(), 0);
  X509* certificate = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, &certificate, nullptr, nullptr);
  if (certificate == nullptr) {
    return Failed(SignatureStatus::kNoKey, "certificate of the signer");
  }
  const Certificates others(CMS_get1_certs(message.get()));
  std::vector<std::string> chain;
  auto refused = Judge(certificate, others.get(), SigningTime(signer), chain);
  if (refused) return std::move(*refused);
  const std::string name = Name(X509_get_subject_name(certificate));
  if (!Covers(signer, signed_bytes)) {
    return Failed(SignatureStatus::kBad,
                  "\"" + name + "\" did not sign these bytes");
  }
  return {SignatureStatus::kGood,
          {Fingerprint(certificate), name, std::move(chain)},
          {}};
}

Pkcs7Verifier::Pkcs7Verifier() : state_(std::make_unique<State>()) {
  state_->store = Store(X509_STORE_new());
  state_->trusted = Certificates(sk_X509_new_null());
}
Pkcs7Verifier::Pkcs7Verifier(Pkcs7Verifier&&) noexcept = default;
Pkcs7Verifier& Pkcs7Verifier::operator=(Pkcs7Verifier&&) noexcept = default;
Pkcs7Verifier::~Pkcs7Verifier() = default;

Result<void> Pkcs7Verifier::AddCertificate(std::string_view pem) {
  const Bio in = OpenBio(AsBytes(pem));
  Certificate certificate(
      in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
  // Reads the extensions, so that no Verify is the first to, and writes them
  // where other threads read. Whether they are any good is for Verify to say.
  if (certificate) X509_check_purpose(certificate.get(), -1, 0);
  ERR_clear_error();
  if (!certificate) return Fail(EBADMSG, "not an X.509 certificate in PEM");
  if (state_->IsTrusted(certificate.get())) return {};
  // The store takes a reference of its own.
  if (X509_STORE_add_cert(state_->store.get(), certificate.get()) != 1 ||
      sk_X509_push(state_->trusted.get(), certificate.get()) == 0) {
    return Fail(ENOMEM, "out of memory for a certificate");
  }
  static_cast<void>(certificate.release());
  return {};
}

Result<void> Pkcs7Verifier::AddCrl(Bytes crl, std::string source) {
  return state_->crls.Add(crl, std::move(source));
}

std::vector<std::string> Pkcs7Verifier::StrayCrls() const {
  return state_->crls.Strays(state_->trusted.get());
}

std::size_t Pkcs7Verifier::size() const {
  return static_cast<std::size_t>(sk_X509_num(state_->trusted.get()));
}

SignatureCheck Pkcs7Verifier::Verify(Bytes signed_bytes,
                                     Bytes signature) const {
  SignatureCheck check = state_->Check(signed_bytes, signature);
  // The errors of the calls above belong to nobody else.
  ERR_clear_error();
  return check;
}

}  // namespace assayfs
