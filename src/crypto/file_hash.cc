// SPDX-License-Identifier: Apache-2.0
// Hashing the whole content of a file.
#include "crypto/file_hash.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace assayfs {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
static_assert(kChunkBytes % kTagBlockBytes == 0);
// Small enough to be still in the processor's cache when it is hashed.
constexpr std::size_t kDigestChunkBytes = std::size_t{128} << 10;

// Fills buffer from offset; returns fewer bytes than it holds only at the end
// of the file, or if they are enough: then nobody looks whether there are more.
Result<std::size_t> ReadChunk(
    int fd, std::span<std::byte> buffer, std::uint64_t offset,
    std::uint64_t enough = std::numeric_limits<std::uint64_t>::max()) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t count =
        ::pread(fd, buffer.data() + filled, buffer.size() - filled,
                static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read"));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    if (filled >= enough) break;
  }
  return filled;
}

Result<std::vector<Hasher>> MakeHashers(
    const std::vector<HashAlgorithm>& algorithms) {
  std::vector<Hasher> hashers;
  for (const HashAlgorithm algorithm : algorithms) {
    auto hasher = Hasher::Create(algorithm);
    if (!hasher) return Fail(hasher.error());
    hashers.push_back(std::move(*hasher));
  }
  return hashers;
}

Result<std::vector<Digest>> FinishAll(std::vector<Hasher>& hashers) {
  std::vector<Digest> digests;
  for (Hasher& hasher : hashers) {
    auto digest = hasher.Finish();
    if (!digest) return Fail(digest.error());
    digests.push_back(std::move(*digest));
  }
  return digests;
}

}  // namespace

Result<FileHasher> FileHasher::Create(std::vector<HashAlgorithm> algorithms) {
  auto hashers = MakeHashers(algorithms);
  if (!hashers) return Fail(hashers.error());
  FileHasher pass;
  pass.hashers_ = std::move(*hashers);
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
  auto digests = FinishAll(hashers_);
  if (!digests) return Fail(digests.error());
  hash.digests = std::move(*digests);
  return hash;
}

Result<FileHash> HashFile(int fd, const std::vector<HashAlgorithm>& algorithms,
                          const GiveUp& give_up) {
  auto pass = FileHasher::Create(algorithms);
  if (!pass) return Fail(pass.error());
  return pass->Run(fd, give_up);
}

Result<std::vector<Digest>> DigestFile(
    int fd, const std::vector<HashAlgorithm>& algorithms,
    std::uint64_t max_bytes) {
  auto hashers = MakeHashers(algorithms);
  if (!hashers) return Fail(hashers.error());
  const auto memory =
      std::make_unique_for_overwrite<std::byte[]>(kDigestChunkBytes);
  const std::span buffer(memory.get(), kDigestChunkBytes);
  std::uint64_t bytes = 0;
  while (true) {
    const auto filled = ReadChunk(fd, buffer, bytes, max_bytes - bytes);
    if (!filled) return Fail(filled.error());
    if (*filled > max_bytes - bytes) {
      return Fail(EFBIG, "larger than " + std::to_string(max_bytes) + " bytes");
    }
    bytes += *filled;
    for (Hasher& hasher : *hashers) hasher.Update(buffer.first(*filled));
    if (*filled < buffer.size()) return FinishAll(*hashers);
  }
}

}  // namespace assayfs
