// SPDX-License-Identifier: Apache-2.0
// BlockTags: what lets a block read later be compared with the block hashed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_reader.h"

namespace assayfs {

// Bytes of a file that one tag covers; the last block may be shorter.
inline constexpr std::size_t kTagBlockBytes = 4096;

// One tag for each block of a file, made while the whole file was hashed.
//
// A tag is SHA-256 of the block, cut to 128 bits: no key to keep or lose, and
// whoever wants another block with the same tag faces a second preimage of 128
// bits, because the first block is fixed by a signed digest. The tags take
// 0.4 % of the file's bytes.
//
// Threads: immutable once built; Append only while one thread owns it.
class BlockTags {
 public:
  // Adds the next block: kTagBlockBytes bytes, fewer only for the last one.
  // Returns false, and adds nothing, if OpenSSL failed.
  bool Append(Bytes block);

  // Says whether block is what was hashed as block number index. The last
  // block must have its very length. False for an index past the end.
  bool Matches(std::uint64_t index, Bytes block) const;

  // Says whether both are of the same content. Takes time in proportion to
  // their number where they are.
  friend bool operator==(const BlockTags&, const BlockTags&) = default;

  std::uint64_t file_bytes() const { return file_bytes_; }
  std::size_t memory_bytes() const { return tags_.size() * sizeof(Tag); }

 private:
  using Tag = std::array<std::byte, 16>;
  static std::optional<Tag> Compute(Bytes block);

  std::vector<Tag> tags_;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace assayfs
