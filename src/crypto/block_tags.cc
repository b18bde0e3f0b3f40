// SPDX-License-Identifier: Apache-2.0
// BlockTags: computing and comparing.
#include "crypto/block_tags.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace assayfs {
namespace {

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

using Key = std::array<unsigned char, 16>;

// Drawn when the process needs it first, and never shown to anybody. Null if
// OpenSSL has no randomness.
const Key* ProcessKey() {
  static const std::unique_ptr<const Key> key = [] {
    auto fresh = std::make_unique<Key>();
    const int size = static_cast<int>(fresh->size());
    if (RAND_priv_bytes(fresh->data(), size) != 1) fresh.reset();
    return fresh;
  }();
  return key.get();
}

// AES-128-GCM with the key set; null if OpenSSL failed.
Cipher MakeCipher() {
  const Key* const key = ProcessKey();
  Cipher cipher(EVP_CIPHER_CTX_new());
  if (key == nullptr || !cipher ||
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, key->data(),
                         nullptr) != 1) {
    return nullptr;
  }
  return cipher;
}

}  // namespace

std::optional<BlockTags::Tag> BlockTags::Compute(Bytes block) {
  // One for each thread, because the key takes longer to set than a block.
  thread_local const Cipher cipher = MakeCipher();
  if (!cipher) return std::nullopt;
  constexpr std::array<unsigned char, 12> kNonce{};
  EVP_CIPHER_CTX* const context = cipher.get();
  Tag tag{};
  int none = 0;
  const bool done =
      EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, kNonce.data()) ==
          1 &&
      EVP_EncryptUpdate(context, nullptr, &none,
                        reinterpret_cast<const unsigned char*>(block.data()),
                        static_cast<int>(block.size())) == 1 &&
      EVP_EncryptFinal_ex(context, nullptr, &none) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
                          static_cast<int>(tag.size()), tag.data()) == 1;
  return done ? std::optional(tag) : std::nullopt;
}

BlockTags BlockTags::CheckedBelow(Digest verity, std::uint64_t file_bytes) {
  BlockTags tags;
  tags.below_ = std::make_shared<const Digest>(std::move(verity));
  tags.file_bytes_ = file_bytes;
  return tags;
}

bool BlockTags::AgreesWith(const BlockTags& other) const {
  if (file_bytes_ != other.file_bytes_) return false;
  if ((below_ == nullptr) != (other.below_ == nullptr)) return true;
  return below_ ? *below_ == *other.below_ : tags_ == other.tags_;
}

void BlockTags::Reserve(std::uint64_t file_bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{4} << 30;
  const std::uint64_t bytes = std::min(file_bytes, kMost);
  tags_.reserve((bytes + kTagBlockBytes - 1) / kTagBlockBytes);
}

bool BlockTags::Append(Bytes block) {
  assert(!block.empty() && block.size() <= kTagBlockBytes);
  assert(file_bytes_ % kTagBlockBytes == 0);
  const auto tag = Compute(block);
  if (!tag) return false;
  tags_.push_back(*tag);
  file_bytes_ += block.size();
  return true;
}

bool BlockTags::Matches(std::uint64_t index, Bytes block) const {
  const std::uint64_t blocks = file_bytes_ / kTagBlockBytes +
                               (file_bytes_ % kTagBlockBytes != 0 ? 1 : 0);
  if (index >= blocks) return false;
  const std::uint64_t start = index * kTagBlockBytes;
  const auto expected =
      std::min<std::uint64_t>(kTagBlockBytes, file_bytes_ - start);
  if (block.size() != expected) return false;
  return below_ != nullptr || Compute(block) == tags_[index];
}

}  // namespace assayfs
