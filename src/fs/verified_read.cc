// SPDX-License-Identifier: Apache-2.0
// Reading a lower file, plainly or checked against the tags of its blocks.
#include "fs/verified_read.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace assayfs {

bool IsBehindEnd(std::uint64_t file_bytes, std::uint64_t offset,
                 std::size_t size) {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return offset + size > (file_bytes + page - 1) / page * page;
}

Result<Bytes> ReadPlain(int fd, std::uint64_t offset, std::size_t size,
                        ByteVector& buffer) {
  if (buffer.size() < size) buffer.resize(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count = ::pread(fd, buffer.data() + filled, size - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read"));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return Bytes(buffer).first(filled);
}

Result<VerifiedRead> ReadVerified(int fd, const BlockTags& tags,
                                  std::uint64_t offset, std::size_t size,
                                  ByteVector& buffer) {
  if (offset >= tags.file_bytes() || size == 0) return VerifiedRead{};
  const auto wanted = static_cast<std::size_t>(
      std::min<std::uint64_t>(size, tags.file_bytes() - offset));
  const std::size_t lead = offset % kTagBlockBytes;
  const std::uint64_t start = offset - lead;
  const std::uint64_t first = start / kTagBlockBytes;
  const std::size_t blocks =
      (lead + wanted + kTagBlockBytes - 1) / kTagBlockBytes;
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(
      blocks * kTagBlockBytes, tags.file_bytes() - start));
  const auto all = ReadPlain(fd, start, room, buffer);
  // That is how the kernel tells that what it read is not what was judged.
  if (!all && tags.checked_below() && all.error().code() == EIO) {
    return VerifiedRead{{}, start};
  }
  if (!all) return Fail(all.error());
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t from = std::min(i * kTagBlockBytes, all->size());
    const Bytes block =
        all->subspan(from, std::min(kTagBlockBytes, all->size() - from));
    if (!tags.Matches(first + i, block)) {
      return VerifiedRead{{}, start + i * kTagBlockBytes};
    }
  }
  return VerifiedRead{all->subspan(lead, wanted), std::nullopt};
}

std::optional<Stretch> EndedStretch(std::uint64_t offset, std::size_t size,
                                    std::uint64_t file_bytes) {
  constexpr std::size_t kMuch = std::size_t{128} << 10;
  if (size < kMuch) return std::nullopt;
  const std::uint64_t start = offset / kStretchBytes * kStretchBytes;
  const std::uint64_t end =
      offset + size >= file_bytes
          ? file_bytes
          : (offset + size) / kStretchBytes * kStretchBytes;
  if (end <= start) return std::nullopt;
  return Stretch{start, end - start};
}

void DropVerified(int fd, const Stretch& stretch) {
  ::posix_fadvise(fd, static_cast<off_t>(stretch.offset),
                  static_cast<off_t>(stretch.size), POSIX_FADV_DONTNEED);
}

}  // namespace assayfs
