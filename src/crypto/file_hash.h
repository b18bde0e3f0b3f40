// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/block_tags.h"
#include "crypto/digest.h"

namespace assayfs {

// What one pass over a file gives.
struct FileHash {
  std::vector<Digest> digests;  // one for each algorithm asked for, in order
  std::shared_ptr<const BlockTags> tags;
  std::uint64_t bytes = 0;
};

// Reads the regular file behind fd from its start to its end, whatever its
// position, and computes every algorithm in one pass, with the block tags.
//
// algorithms: at least one. cancelled: looked at between reads of 1 MiB; it
// may be set by another thread at any time; null if nothing can cancel.
// Errors: EINTR if cancelled, EIO if
// OpenSSL failed, EOPNOTSUPP for an algorithm it cannot compute, those of
// pread(2). An error says nothing about the content.
// Threads: any number at once, also on one fd.
Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const std::atomic<bool>* cancelled = nullptr);

}  // namespace assayfs
