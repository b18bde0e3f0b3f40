// SPDX-License-Identifier: Apache-2.0
// Reading a lower file, plainly or checked against the tags of its blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/block_tags.h"

namespace assayfs {

// Says whether a read reaches into a page behind the end of a file of so many
// bytes. For its cache, the kernel reads no such page unless it takes the file
// for a longer one, whose rest it would then show as zeros.
bool IsBehindEnd(std::uint64_t file_bytes, std::uint64_t offset,
                 std::size_t size);

// Both read size bytes at offset, fewer only at the end of the file. buffer is
// the memory for it: enlarged as needed, never shrunk. The bytes returned lie
// in it. Errors: those of pread(2). Threads: one buffer, one thread.

Result<Bytes> ReadPlain(int fd, std::uint64_t offset, std::size_t size,
                        ByteVector& buffer);

struct VerifiedRead {
  Bytes bytes;  // empty if a block does not match
  // Where the first block that does not match begins.
  std::optional<std::uint64_t> mismatch;
};
// Reads whole blocks and compares each with its tag. The end of the file is
// that of the tags; a file that became shorter does not match.
Result<VerifiedRead> ReadVerified(int fd, const BlockTags& tags,
                                  std::uint64_t offset, std::size_t size,
                                  ByteVector& buffer);

// What is read at once from here on, in bytes, need not be kept twice. Below,
// the pages are often few, and the kernel looks on all processors for them.
inline constexpr std::size_t kMuch = 128 << 10;

// Takes what was read from the lower file's page cache: the kernel keeps the
// bytes for the mount, and from the lower file they would have to be compared
// again. May take a while: for after the answer.
void DropVerified(int fd, std::uint64_t offset, std::size_t size);

}  // namespace assayfs
