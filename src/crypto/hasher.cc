// SPDX-License-Identifier: Apache-2.0
// Hasher: streaming digests over OpenSSL's EVP.
#include "crypto/hasher.h"

#include <openssl/evp.h>

#include <array>
#include <optional>

#include "crypto/verity_hasher.h"

namespace assayfs {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// Built-in objects: nothing is fetched or read from a file when they are used.
// Null for those that OpenSSL does not have.
const EVP_MD* Implementation(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kMd5:
      return EVP_md5();
    case HashAlgorithm::kSha1:
      return EVP_sha1();
    case HashAlgorithm::kSha224:
      return EVP_sha224();
    case HashAlgorithm::kSha256:
      return EVP_sha256();
    case HashAlgorithm::kSha384:
      return EVP_sha384();
    case HashAlgorithm::kSha512:
      return EVP_sha512();
    case HashAlgorithm::kSha3_256:
      return EVP_sha3_256();
    case HashAlgorithm::kSha3_384:
      return EVP_sha3_384();
    case HashAlgorithm::kSha3_512:
      return EVP_sha3_512();
    case HashAlgorithm::kSm3:
#ifndef OPENSSL_NO_SM3
      return EVP_sm3();
#else
      return nullptr;
#endif
    case HashAlgorithm::kVeritySha256:
    case HashAlgorithm::kVeritySha512:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

struct Hasher::State {
  HashAlgorithm algorithm;
  Context context;
  std::optional<VerityHasher> verity = {};  // instead of the context
  bool failed = false;
};

Hasher::Hasher(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Result<Hasher> Hasher::Create(HashAlgorithm algorithm) {
  auto state = std::make_unique<State>();
  state->algorithm = algorithm;
  if (IsVerity(algorithm)) {
    auto verity = VerityHasher::Create(algorithm);
    if (!verity) return Fail(verity.error());
    state->verity.emplace(std::move(*verity));
    return Hasher(std::move(state));
  }
  state->context.reset(EVP_MD_CTX_new());
  if (!state->context ||
      EVP_DigestInit_ex(state->context.get(), Implementation(algorithm),
                        nullptr) != 1) {
    return Fail(EOPNOTSUPP, "OpenSSL cannot compute " +
                                std::string(AlgorithmName(algorithm)));
  }
  return Hasher(std::move(state));
}

void Hasher::Update(Bytes bytes) {
  if (state_->verity) return state_->verity->Update(bytes);
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) !=
      1) {
    state_->failed = true;
  }
}

Result<Digest> Hasher::Finish() {
  if (state_->verity) return state_->verity->Finish();
  std::array<unsigned char, EVP_MAX_MD_SIZE> value{};
  unsigned size = 0;
  const bool ok =
      !state_->failed &&
      EVP_DigestFinal_ex(state_->context.get(), value.data(), &size) == 1 &&
      EVP_DigestInit_ex(state_->context.get(), nullptr, nullptr) == 1;
  if (!ok) return Fail(EIO, "OpenSSL failed to compute a digest");
  return Digest::FromBytes(state_->algorithm,
                           std::as_bytes(std::span(value).first(size)));
}

Result<Digest> HashBytes(HashAlgorithm algorithm, Bytes bytes) {
  auto hasher = Hasher::Create(algorithm);
  if (!hasher) return Fail(hasher.error());
  hasher->Update(bytes);
  return hasher->Finish();
}

}  // namespace assayfs
