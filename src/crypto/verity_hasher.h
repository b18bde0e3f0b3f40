// SPDX-License-Identifier: Apache-2.0
// VerityHasher: the digest that fs-verity gives a file, computed here.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/hasher.h"

namespace assayfs {

// What one node of the Merkle tree holds, and the block that it covers. The
// default of `fsverity digest`, and the only size that is known here.
inline constexpr std::size_t kVerityBlockBytes = 4096;

inline constexpr std::size_t kVerityDescriptorBytes = 256;

// Returns the hash that digests in this algorithm are made of.
// algorithm: kVeritySha256 or kVeritySha512.
HashAlgorithm PlainHash(HashAlgorithm algorithm);

// Returns the descriptor of a file, whose hash is the file digest: version 1,
// blocks of kVerityBlockBytes, no salt, no signature; integers little-endian.
// algorithm: kVeritySha256 or kVeritySha512. root: of the Merkle tree, at most
// 64 bytes; none for an empty file. Threads: pure function.
// Source: struct fsverity_descriptor, include/uapi/linux/fsverity.h of Linux.
ByteVector WriteVerityDescriptor(HashAlgorithm algorithm,
                                 std::uint64_t file_bytes, Bytes root);

// Computes the fs-verity file digest of bytes that come in pieces, as `fsverity
// digest` does without options: blocks of 4,096 bytes, no salt.
//
//   level 0 = hash of each block of the file, the last one filled up with zeros
//   level n = hash of each block of the hashes of level n-1, filled up likewise
//   root    = the hash of the level that has only one; zeros for an empty file
//   digest  = hash of the descriptor, which holds the root and the size
//
// Memory: one block for each level, so for a file of 2^64 bytes 9 with SHA-256.
// Threads: one object, one thread.
// Source: Documentation/filesystems/fsverity.rst of Linux, "Merkle tree".
class VerityHasher {
 public:
  // algorithm: kVeritySha256 or kVeritySha512. Errors: EOPNOTSUPP if OpenSSL
  // cannot compute the hash.
  static Result<VerityHasher> Create(HashAlgorithm algorithm);

  // As the functions of Hasher with these names.
  void Update(Bytes bytes);
  Result<Digest> Finish();

 private:
  VerityHasher(HashAlgorithm algorithm, Hasher hasher);
  // Fills a block up with zeros, hashes it, and adds the hash to a level.
  void AddBlock(std::size_t level, Bytes block);
  // Adds all blocks that are not full, and returns the root.
  Bytes TakeRoot();

  HashAlgorithm algorithm_;
  Hasher hasher_;
  std::uint64_t file_bytes_ = 0;
  ByteVector partial_;              // of the file's last block
  std::vector<ByteVector> levels_;  // the hashes that fill no block yet
  bool failed_ = false;
};

}  // namespace assayfs
