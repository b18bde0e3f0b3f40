// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of a file with fs-verity.
#include "crypto/lower_verity.h"

#include <fcntl.h>
#include <linux/fsverity.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "base/byte_reader.h"
#include "crypto/verity_hasher.h"

namespace assayfs {
namespace {

// How much of a file is looked at at once.
constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 30;

constexpr std::size_t kMostDigestBytes = 64;  // of SHA-512

// What a descriptor says that we cannot know without it.
struct Described {
  HashAlgorithm algorithm;
  std::uint64_t file_bytes;
  Bytes root;
};

std::optional<HashAlgorithm> AlgorithmOf(std::uint8_t number) {
  if (number == FS_VERITY_HASH_ALG_SHA256) return HashAlgorithm::kVeritySha256;
  if (number == FS_VERITY_HASH_ALG_SHA512) return HashAlgorithm::kVeritySha512;
  return std::nullopt;
}

// Version, block and salt are left to the comparison with what we would write.
std::optional<Described> ReadDescriptor(Bytes bytes) {
  ByteReader in(bytes);
  const auto version = in.TakeU8();
  const auto number = in.TakeU8();
  const auto block_and_salt = in.Take(2);
  const auto signature_bytes = in.TakeLe32();
  const auto low = in.TakeLe32();
  const auto high = in.TakeLe32();
  if (!version || !number || !block_and_salt || !signature_bytes || !low ||
      !high) {
    return std::nullopt;
  }
  const auto algorithm = AlgorithmOf(*number);
  if (!algorithm) return std::nullopt;
  const auto root = in.Take(DigestBytes(*algorithm));
  if (!root) return std::nullopt;
  return Described{*algorithm, std::uint64_t{*high} << 32 | *low, *root};
}

bool IsEnforced(int fd, const Digest& digest) {
  alignas(fsverity_digest)
      std::array<std::byte, sizeof(fsverity_digest) + kMostDigestBytes>
          room{};
  auto* const measured = new (room.data()) fsverity_digest{};
  measured->digest_size = kMostDigestBytes;
  if (::ioctl(fd, FS_IOC_MEASURE_VERITY, measured) != 0) return false;
  const auto algorithm =
      AlgorithmOf(static_cast<std::uint8_t>(measured->digest_algorithm));
  const Bytes value = Bytes(room).subspan(sizeof(fsverity_digest));
  return algorithm == digest.algorithm() &&
         measured->digest_size == digest.value().size() &&
         std::ranges::equal(value.first(measured->digest_size), digest.value());
}

bool ComputesItself(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  return type == EXT4_SUPER_MAGIC || type == F2FS_SUPER_MAGIC ||
         type == BTRFS_SUPER_MAGIC;
}

}  // namespace

std::optional<VerityFile> ReadVerityDescriptor(Bytes bytes) {
  const auto found = ReadDescriptor(bytes);
  if (!found) return std::nullopt;
  const auto expected =
      WriteVerityDescriptor(found->algorithm, found->file_bytes, found->root);
  if (!std::ranges::equal(bytes, expected)) return std::nullopt;
  const auto hash = HashBytes(PlainHash(found->algorithm), bytes);
  if (!hash) return std::nullopt;
  return VerityFile{*Digest::FromBytes(found->algorithm, hash->value()),
                    found->file_bytes};
}

std::optional<VerityFile> AskVerity(int fd, Pages pages) {
  if (!ComputesItself(fd)) return std::nullopt;
  // One byte more shows a descriptor that is longer than ours.
  std::array<std::byte, kVerityDescriptorBytes + 1> room{};
  fsverity_read_metadata_arg request{};
  request.metadata_type = FS_VERITY_METADATA_TYPE_DESCRIPTOR;
  request.length = room.size();
  request.buf_ptr = reinterpret_cast<std::uintptr_t>(room.data());
  const int count = ::ioctl(fd, FS_IOC_READ_VERITY_METADATA, &request);
  if (count < 0) return std::nullopt;
  auto described =
      ReadVerityDescriptor(Bytes(room).first(static_cast<std::size_t>(count)));
  // The descriptor is what the disk says now; what the kernel compares with is
  // what it said when the file was opened first.
  if (!described || !IsEnforced(fd, described->digest)) return std::nullopt;
  struct stat info {};
  const bool whole =
      ::fstat(fd, &info) == 0 &&
      static_cast<std::uint64_t>(info.st_size) == described->file_bytes;
  if (!whole) return std::nullopt;
  const bool fresh =
      pages == Pages::kAny || DropAllPages(fd, described->file_bytes);
  return fresh ? described : std::nullopt;
}

bool DropAllPages(int fd, std::uint64_t file_bytes) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t whole = (file_bytes + page - 1) / page * page;
  ::posix_fadvise(fd, 0, static_cast<off_t>(whole), POSIX_FADV_DONTNEED);
  std::vector<unsigned char> resident(kWindowBytes / page);
  for (std::uint64_t offset = 0; offset < whole; offset += kWindowBytes) {
    const auto size =
        static_cast<std::size_t>(std::min(kWindowBytes, whole - offset));
    void* const window = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd,
                                static_cast<off_t>(offset));
    if (window == MAP_FAILED) return false;
    const bool known = ::mincore(window, size, resident.data()) == 0;
    ::munmap(window, size);
    const auto end =
        resident.begin() + static_cast<std::ptrdiff_t>(size / page);
    const bool some = std::any_of(
        resident.begin(), end, [](unsigned char is) { return (is & 1U) != 0; });
    if (!known || some) return false;
  }
  return true;
}

}  // namespace assayfs
