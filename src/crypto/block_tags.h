// SPDX-License-Identifier: Apache-2.0
// BlockTags: what lets a block read later be compared with the block hashed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/byte_reader.h"
#include "crypto/digest.h"

namespace assayfs {

// Bytes of a file that one tag covers; the last block may be shorter.
inline constexpr std::size_t kTagBlockBytes = 4096;

// One tag for each block of a file, made while the whole file was hashed.
//
// A tag is the 128-bit GMAC (NIST SP 800-38D) of the block under a random key
// of this process: three times as fast as SHA-256 or more, and to be had where
// FIPS rules. Another block has the same tag with a chance of less than 2^-119
// for whoever does not know the key, whatever he tries, because GMAC is a
// universal hash of the key. Its nonce is always the same, so that equal blocks
// have equal tags; that would give the key away to whoever sees tags, but they
// never leave this object. Leaves of a Merkle tree would do without the key,
// but cost as much as the digest. The tags take 0.4 % of the file's bytes.
//
// Threads: immutable once built; Append only while one thread owns it.
class BlockTags {
 public:
  // Makes room for the tags of a file of that size, or of 4 GiB if it is
  // larger.
  void Reserve(std::uint64_t file_bytes);

  // Of content that needs none, because the kernel compares what it reads with
  // a digest of fs-verity, and nobody can write. Blocks of the right length are
  // what was judged.
  static BlockTags CheckedBelow(Digest verity, std::uint64_t file_bytes);

  // Adds the next block: kTagBlockBytes bytes, fewer only for the last one.
  // Returns false, and adds nothing, if OpenSSL failed.
  bool Append(Bytes block);

  // Says whether block is what was hashed as block number index. The last
  // block must have its very length. False for an index past the end.
  bool Matches(std::uint64_t index, Bytes block) const;

  // Says whether both may be of the same content. Takes time in proportion to
  // their number where they are. Where one of them is checked below and the
  // other is not, only the size tells; what is read is compared with its own
  // tags all the same.
  bool AgreesWith(const BlockTags& other) const;

  // The digest that the kernel compares with; null where blocks have tags.
  const Digest* checked_below() const { return below_.get(); }
  std::uint64_t file_bytes() const { return file_bytes_; }
  std::size_t memory_bytes() const { return tags_.size() * sizeof(Tag); }

 private:
  using Tag = std::array<std::byte, 16>;
  static std::optional<Tag> Compute(Bytes block);

  std::shared_ptr<const Digest> below_;
  std::vector<Tag> tags_;  // none if below_
  std::uint64_t file_bytes_ = 0;
};

}  // namespace assayfs
