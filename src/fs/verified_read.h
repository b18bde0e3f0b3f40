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

// The lower file's pages are taken away in stretches of so many bytes: for
// pages that were just read the kernel looks on all processors, each time.
inline constexpr std::uint64_t kStretchBytes = std::uint64_t{16} << 20;

struct Stretch {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const Stretch&, const Stretch&) = default;
};

// Returns what need not be kept twice after a read of a file of file_bytes: the
// stretch that it brought to an end, by its own or by that of the file. Nothing
// for a read of less than 128 KiB: those are not in order, and the pages below
// are often few. Threads: pure function.
std::optional<Stretch> EndedStretch(std::uint64_t offset, std::size_t size,
                                    std::uint64_t file_bytes);

// Takes what was read from the lower file's page cache: the kernel keeps the
// bytes for the mount, and from the lower file they would have to be compared
// again. May take a while: for after the answer.
void DropVerified(int fd, const Stretch& stretch);

}  // namespace assayfs
