// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "crypto/block_tags.h"
#include "crypto/digest.h"
#include "crypto/hasher.h"

namespace assayfs {

// Says whether the one who asked no longer wants the answer, or cannot wait
// for it. Called often, between steps that take time. Empty: never.
using GiveUp = std::function<bool()>;

// Larger files are not hashed: their tags would take too much memory.
inline constexpr std::uint64_t kMaxHashedBytes = std::uint64_t{64} << 30;

// What one pass over a file gives.
struct FileHash {
  std::vector<Digest> digests;  // one for each algorithm asked for, in order
  std::shared_ptr<const BlockTags> tags;
  std::uint64_t bytes = 0;
};

// One pass over a regular file, in every algorithm at once, with block tags.
// A pass that was given up can be gone on with: nothing is read twice.
//
// Threads: one object, one thread at a time.
class FileHasher {
 public:
  // algorithms: at least one. Errors: EOPNOTSUPP for one that OpenSSL cannot
  // compute.
  static Result<FileHasher> Create(std::vector<HashAlgorithm> algorithms);

  // Reads the file from where the last call stopped to its end. fd: any
  // descriptor of the same file; its position does not matter. give_up: asked
  // before each read of 1 MiB.
  // Errors: EINTR if told to give up; then call it again, or never. EFBIG for
  // more than kMaxHashedBytes, EIO if OpenSSL failed, those of pread(2). They
  // say nothing about the content and, like success, end the pass.
  Result<FileHash> Run(int fd, const GiveUp& give_up);

  const std::vector<HashAlgorithm>& algorithms() const { return algorithms_; }
  std::uint64_t bytes() const { return bytes_; }  // hashed so far
  std::size_t memory_bytes() const { return tags_->memory_bytes(); }

 private:
  FileHasher() = default;

  std::vector<HashAlgorithm> algorithms_;
  std::vector<Hasher> hashers_;
  std::shared_ptr<BlockTags> tags_ = std::make_shared<BlockTags>();
  std::uint64_t bytes_ = 0;
};

// The whole of a file in one pass. Errors: as FileHasher.
// Threads: any number at once, also on one fd.
Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const GiveUp& give_up = {});

// The digests alone, one for each algorithm, in order: for who looks at a file
// once and needs no tags. fd: as above.
// Errors: EFBIG for more than max_bytes; EOPNOTSUPP, EIO and those of pread(2)
// as FileHasher. Threads: any number at once, also on one fd.
Result<std::vector<Digest>> DigestFile(
    int fd, const std::vector<HashAlgorithm>& algorithms,
    std::uint64_t max_bytes);

}  // namespace assayfs
