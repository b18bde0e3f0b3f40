// SPDX-License-Identifier: Apache-2.0
// OpenPgpPublicKey: one key that can check digests, over OpenSSL.
#include "trust/openpgp_public_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace assayfs {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr std::size_t kEd25519Bytes = 32;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using EcdsaNumbers = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

struct Curve {
  std::string_view object_identifier;  // hexadecimal, as in the key packet
  const char* name;
};
constexpr std::array<Curve, 3> kCurves = {{
    {"2a8648ce3d030107", "P-256"},
    {"2b81040022", "P-384"},
    {"2b81040023", "P-521"},
}};
constexpr std::string_view kEd25519Curve = "2b06010401da470f01";

const unsigned char* Raw(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Number ToNumber(Bytes bytes) {
  return Number(BN_bin2bn(Raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

Key FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        params.get()) <= 0) {
    return nullptr;
  }
  return Key(key);
}

Key MakeRsa(const OpenPgpKeyNumbers& numbers) {
  const Number modulus = ToNumber(numbers.numbers[0]);
  const Number exponent = ToNumber(numbers.numbers[1]);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder || BN_is_zero(modulus.get()) ||
      BN_is_zero(exponent.get()) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N,
                              modulus.get()) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E,
                              exponent.get())) {
    return nullptr;
  }
  return FromParams("RSA", builder.get());
}

Key MakeEcdsa(const char* curve, Bytes point) {
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      !OSSL_PARAM_BLD_push_utf8_string(builder.get(),
                                       OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) ||
      !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                        point.data(), point.size())) {
    return nullptr;
  }
  return FromParams("EC", builder.get());
}

// The point is written as 0x40 and the 32 bytes of the key.
Key MakeEd25519(Bytes point) {
  if (point.size() != kEd25519Bytes + 1 || point[0] != std::byte{0x40}) {
    return nullptr;
  }
  return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                         Raw(point.subspan(1)), kEd25519Bytes));
}

// Returns number with zeros before it, size bytes long; empty if it is longer.
ByteVector Pad(Bytes number, std::size_t size) {
  if (number.size() > size) return {};
  ByteVector padded(size - number.size());
  AppendBytes(padded, number);
  return padded;
}

const EVP_MD* MessageDigest(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha256:
      return EVP_sha256();
    case HashAlgorithm::kSha384:
      return EVP_sha384();
    case HashAlgorithm::kSha512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

bool VerifyRsa(EVP_PKEY* key, const OpenPgpSignature& signature,
               const Digest& digest) {
  const EVP_MD* hash = MessageDigest(digest.algorithm());
  const ByteVector padded =
      Pad(signature.numbers[0], static_cast<std::size_t>(EVP_PKEY_size(key)));
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  return hash != nullptr && context && !padded.empty() &&
         EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1 &&
         EVP_PKEY_verify(context.get(), Raw(padded), padded.size(),
                         Raw(digest.value()), digest.value().size()) == 1;
}

bool VerifyEcdsa(EVP_PKEY* key, const OpenPgpSignature& signature,
                 const Digest& digest) {
  Number r = ToNumber(signature.numbers[0]);
  Number s = ToNumber(signature.numbers[1]);
  const EcdsaNumbers numbers(ECDSA_SIG_new());
  if (!r || !s || !numbers) return false;
  // Takes ownership of both, which cannot fail with numbers that exist.
  ECDSA_SIG_set0(numbers.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &der);
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  const bool good =
      size > 0 && context && EVP_PKEY_verify_init(context.get()) == 1 &&
      EVP_PKEY_verify(context.get(), der, static_cast<std::size_t>(size),
                      Raw(digest.value()), digest.value().size()) == 1;
  OPENSSL_free(der);
  return good;
}

// OpenPGP signs the digest as if it were the message.
bool VerifyEd25519(EVP_PKEY* key, const OpenPgpSignature& signature,
                   const Digest& digest) {
  ByteVector both = Pad(signature.numbers[0], kEd25519Bytes);
  const ByteVector second = Pad(signature.numbers[1], kEd25519Bytes);
  if (both.empty() || second.empty()) return false;
  AppendBytes(both, second);
  const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context(
      EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) ==
             1 &&
         EVP_DigestVerify(context.get(), Raw(both), both.size(),
                          Raw(digest.value()), digest.value().size()) == 1;
}

bool IsRsa(std::uint8_t algorithm) {
  return algorithm == kOpenPgpRsa || algorithm == kOpenPgpRsaSignOnly;
}

Result<Key> MakeKey(const OpenPgpKeyNumbers& numbers) {
  if (IsRsa(numbers.algorithm)) return MakeRsa(numbers);
  const std::string curve = ToHex(numbers.curve);
  if (numbers.algorithm == kOpenPgpEdDsa && curve == kEd25519Curve) {
    return MakeEd25519(numbers.numbers[0]);
  }
  const auto known = std::find_if(kCurves.begin(), kCurves.end(),
                                  [&curve](const Curve& entry) {
                                    return entry.object_identifier == curve;
                                  });
  if (numbers.algorithm == kOpenPgpEcdsa && known != kCurves.end()) {
    return MakeEcdsa(known->name, numbers.numbers[0]);
  }
  return Fail(EOPNOTSUPP, "OpenPGP: key on a curve that is not known");
}

}  // namespace

struct OpenPgpPublicKey::State {
  std::uint8_t algorithm = 0;
  Key key;
};

OpenPgpPublicKey::OpenPgpPublicKey(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
OpenPgpPublicKey::OpenPgpPublicKey(OpenPgpPublicKey&&) noexcept = default;
OpenPgpPublicKey& OpenPgpPublicKey::operator=(OpenPgpPublicKey&&) noexcept =
    default;
OpenPgpPublicKey::~OpenPgpPublicKey() = default;

Result<OpenPgpPublicKey> OpenPgpPublicKey::Create(Bytes key) {
  auto numbers = ParseOpenPgpKey(key);
  if (!numbers) return Fail(std::move(numbers).error());
  auto made = MakeKey(*numbers);
  ERR_clear_error();
  if (!made) return Fail(std::move(made).error());
  if (!*made) return Fail(EBADMSG, "OpenPGP: OpenSSL refuses the key");
  auto state = std::make_unique<State>();
  state->algorithm = numbers->algorithm;
  state->key = std::move(*made);
  return OpenPgpPublicKey(std::move(state));
}

bool OpenPgpPublicKey::Verifies(const OpenPgpSignature& signature,
                                const Digest& digest) const {
  EVP_PKEY* key = state_->key.get();
  bool good = false;
  if (IsRsa(state_->algorithm) && IsRsa(signature.key_algorithm)) {
    good = VerifyRsa(key, signature, digest);
  } else if (signature.key_algorithm != state_->algorithm) {
    return false;
  } else if (state_->algorithm == kOpenPgpEcdsa) {
    good = VerifyEcdsa(key, signature, digest);
  } else if (state_->algorithm == kOpenPgpEdDsa) {
    good = VerifyEd25519(key, signature, digest);
  }
  ERR_clear_error();
  return good;
}

bool OpenPgpPublicKey::IsLongEnough() const {
  return !IsRsa(state_->algorithm) ||
         EVP_PKEY_get_bits(state_->key.get()) >= kMinRsaBits;
}

}  // namespace assayfs
