// SPDX-License-Identifier: Apache-2.0
// BlockTags: computing and comparing.
#include "crypto/block_tags.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>

namespace assayfs {

std::optional<BlockTags::Tag> BlockTags::Compute(Bytes block) {
  std::array<std::byte, 32> digest{};
  if (EVP_Digest(block.data(), block.size(),
                 reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                 EVP_sha256(), nullptr) != 1) {
    return std::nullopt;
  }
  Tag tag{};
  std::copy_n(digest.begin(), tag.size(), tag.begin());
  return tag;
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
  if (index >= tags_.size()) return false;
  const std::uint64_t start = index * kTagBlockBytes;
  const auto expected =
      std::min<std::uint64_t>(kTagBlockBytes, file_bytes_ - start);
  return block.size() == expected && Compute(block) == tags_[index];
}

}  // namespace assayfs
