// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#include "crypto/file_hash.h"

#include <unistd.h>

#include <algorithm>

#include "crypto/hasher.h"

namespace assayfs {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
static_assert(kChunkBytes % kTagBlockBytes == 0);

// Fills buffer from offset; returns fewer bytes than it holds only at the end
// of the file.
Result<std::size_t> ReadChunk(int fd, std::span<std::byte> buffer,
                              std::uint64_t offset) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count =
        ::pread(fd, buffer.data() + filled, buffer.size() - filled,
                static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read"));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

}  // namespace

Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const GiveUp& give_up) {
  std::vector<Hasher> hashers;
  for (const HashAlgorithm algorithm : algorithms) {
    auto hasher = Hasher::Create(algorithm);
    if (!hasher) return Fail(hasher.error());
    hashers.push_back(std::move(*hasher));
  }
  auto tags = std::make_shared<BlockTags>();
  FileHash hash;
  ByteVector buffer(kChunkBytes);
  while (true) {
    if (give_up && give_up()) return Fail(EINTR, "hashing was given up");
    const auto filled = ReadChunk(fd, buffer, hash.bytes);
    if (!filled) return Fail(filled.error());
    Bytes chunk = Bytes(buffer).first(*filled);
    hash.bytes += chunk.size();
    if (hash.bytes > kMaxHashedBytes) return Fail(EFBIG, "too large to judge");
    for (Hasher& hasher : hashers) hasher.Update(chunk);
    while (!chunk.empty()) {
      const Bytes block = chunk.first(std::min(chunk.size(), kTagBlockBytes));
      if (!tags->Append(block)) return Fail(EIO, "OpenSSL failed to hash");
      chunk = chunk.subspan(block.size());
    }
    if (*filled < buffer.size()) break;
  }
  for (Hasher& hasher : hashers) {
    auto digest = hasher.Finish();
    if (!digest) return Fail(digest.error());
    hash.digests.push_back(std::move(*digest));
  }
  hash.tags = std::move(tags);
  return hash;
}

}  // namespace assayfs
