// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#include "crypto/file_hash.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

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

Result<FileHasher> FileHasher::Create(std::vector<HashAlgorithm> algorithms) {
  FileHasher pass;
  for (const HashAlgorithm algorithm : algorithms) {
    auto hasher = Hasher::Create(algorithm);
    if (!hasher) return Fail(hasher.error());
    pass.hashers_.push_back(std::move(*hasher));
  }
  pass.algorithms_ = std::move(algorithms);
  return pass;
}

Result<FileHash> FileHasher::Run(int fd, const GiveUp& give_up) {
  // Not filled with zeros: most files are much smaller.
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(kChunkBytes);
  const std::span buffer(memory.get(), kChunkBytes);
  struct stat info {};
  if (bytes_ == 0 && ::fstat(fd, &info) == 0) {
    tags_->Reserve(static_cast<std::uint64_t>(info.st_size));
  }
  while (true) {
    if (give_up && give_up()) return Fail(EINTR, "hashing was given up");
    const auto filled = ReadChunk(fd, buffer, bytes_);
    if (!filled) return Fail(filled.error());
    Bytes chunk = buffer.first(*filled);
    bytes_ += chunk.size();
    if (bytes_ > kMaxHashedBytes) return Fail(EFBIG, "too large to judge");
    for (Hasher& hasher : hashers_) hasher.Update(chunk);
    while (!chunk.empty()) {
      const Bytes block = chunk.first(std::min(chunk.size(), kTagBlockBytes));
      if (!tags_->Append(block)) return Fail(EIO, "OpenSSL failed to hash");
      chunk = chunk.subspan(block.size());
    }
    if (*filled < buffer.size()) break;
  }
  FileHash hash{.digests = {}, .tags = std::move(tags_), .bytes = bytes_};
  for (Hasher& hasher : hashers_) {
    auto digest = hasher.Finish();
    if (!digest) return Fail(digest.error());
    hash.digests.push_back(std::move(*digest));
  }
  return hash;
}

Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const GiveUp& give_up) {
  auto pass = FileHasher::Create(algorithms);
  if (!pass) return Fail(pass.error());
  return pass->Run(fd, give_up);
}

}  // namespace assayfs
