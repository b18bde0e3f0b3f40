// SPDX-License-Identifier: Apache-2.0
// VerityHasher: a Merkle tree that grows from its left edge.
#include "crypto/verity_hasher.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>

namespace assayfs {
namespace {

constexpr std::size_t kRootBytes = 64;
constexpr std::byte kVersion{1};
constexpr std::byte kLogBlockBytes{std::countr_zero(kVerityBlockBytes)};
constexpr std::byte kNoSalt{0};

// FS_VERITY_HASH_ALG_* of Linux.
std::byte NumberOf(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kVeritySha256 ? std::byte{1}
                                                   : std::byte{2};
}

}  // namespace

HashAlgorithm PlainHash(HashAlgorithm algorithm) {
  assert(IsVerity(algorithm));
  return algorithm == HashAlgorithm::kVeritySha256 ? HashAlgorithm::kSha256
                                                   : HashAlgorithm::kSha512;
}

ByteVector WriteVerityDescriptor(HashAlgorithm algorithm,
                                 std::uint64_t file_bytes, Bytes root) {
  assert(IsVerity(algorithm) && root.size() <= kRootBytes);
  ByteVector out = {kVersion, NumberOf(algorithm), kLogBlockBytes, kNoSalt};
  AppendLe32(out, 0);  // the signature's size, which is not hashed
  AppendLe64(out, file_bytes);
  AppendBytes(out, root);
  out.resize(kVerityDescriptorBytes);  // the rest is zeros
  return out;
}

VerityHasher::VerityHasher(HashAlgorithm algorithm, Hasher hasher)
    : algorithm_(algorithm), hasher_(std::move(hasher)) {}

Result<VerityHasher> VerityHasher::Create(HashAlgorithm algorithm) {
  assert(IsVerity(algorithm));
  auto hasher = Hasher::Create(PlainHash(algorithm));
  if (!hasher) return Fail(hasher.error());
  return VerityHasher(algorithm, std::move(*hasher));
}

void VerityHasher::AddBlock(std::size_t level, Bytes block) {
  static constexpr std::array<std::byte, kVerityBlockBytes> kZeros{};
  hasher_.Update(block);
  hasher_.Update(Bytes(kZeros).subspan(block.size()));
  const auto hash = hasher_.Finish();
  if (!hash) {
    failed_ = true;
    return;
  }
  if (level == levels_.size()) levels_.emplace_back();
  AppendBytes(levels_[level], hash->value());
  if (levels_[level].size() < kVerityBlockBytes) return;
  const ByteVector full = std::exchange(levels_[level], {});
  AddBlock(level + 1, full);
}

void VerityHasher::Update(Bytes bytes) {
  file_bytes_ += bytes.size();
  if (!partial_.empty()) {
    const auto more = bytes.first(
        std::min(bytes.size(), kVerityBlockBytes - partial_.size()));
    AppendBytes(partial_, more);
    bytes = bytes.subspan(more.size());
    if (partial_.size() < kVerityBlockBytes) return;
    AddBlock(0, partial_);
    partial_.clear();
  }
  for (; bytes.size() >= kVerityBlockBytes;
       bytes = bytes.subspan(kVerityBlockBytes)) {
    AddBlock(0, bytes.first(kVerityBlockBytes));
  }
  AppendBytes(partial_, bytes);
}

Bytes VerityHasher::TakeRoot() {
  if (!partial_.empty()) AddBlock(0, partial_);
  const std::size_t hash_bytes = DigestBytes(algorithm_);
  for (std::size_t level = 0; level < levels_.size() && !failed_; ++level) {
    const bool is_top = level + 1 == levels_.size();
    if (is_top && levels_[level].size() == hash_bytes) return levels_[level];
    // Empty: all its blocks were full, and are in the level above.
    if (levels_[level].empty()) continue;
    const ByteVector rest = std::exchange(levels_[level], {});
    AddBlock(level + 1, rest);
  }
  return {};
}

Result<Digest> VerityHasher::Finish() {
  const auto descriptor =
      WriteVerityDescriptor(algorithm_, file_bytes_, TakeRoot());
  hasher_.Update(descriptor);
  const auto hash = hasher_.Finish();
  const bool failed = std::exchange(failed_, false) || !hash;
  file_bytes_ = 0;
  partial_.clear();
  levels_.clear();
  if (failed) return Fail(EIO, "OpenSSL failed to compute a digest");
  return Digest::FromBytes(algorithm_, hash->value());
}

}  // namespace assayfs
