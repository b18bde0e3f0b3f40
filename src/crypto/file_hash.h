// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "crypto/block_tags.h"
#include "crypto/digest.h"

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

// Reads the regular file behind fd from its start to its end, whatever its
// position, and computes every algorithm in one pass, with the block tags.
//
// algorithms: at least one. give_up: asked before each read of 1 MiB.
// Errors: EINTR if told to give up, EFBIG for more than kMaxHashedBytes, EIO if
// OpenSSL failed, EOPNOTSUPP for an algorithm it cannot compute, those of
// pread(2). An error says nothing about the content.
// Threads: any number at once, also on one fd.
Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const GiveUp& give_up = {});

}  // namespace assayfs
