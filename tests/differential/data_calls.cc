// SPDX-License-Identifier: Apache-2.0
// Calls that read and write.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

constexpr std::size_t kMostBytes = 200'000;

std::size_t DrawSize(Lane& lane) {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, lane.DrawLength()));
}

// Writes down what a call returned and, with it, what it read.
void AddRead(Lane& lane, std::int64_t count, const std::string& bytes) {
  if (lane.Result(count) > 0) {
    lane.Add(Content({bytes.data(), static_cast<std::size_t>(count)}));
  }
}

void Read(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  std::string bytes(DrawSize(lane), '\0');
  lane.Say("read", {SlotName(slot), std::to_string(bytes.size())});
  AddRead(lane, ::read(lane.fd(slot), bytes.data(), bytes.size()), bytes);
}

void ReadAt(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  std::string bytes(DrawSize(lane), '\0');
  const off_t offset = lane.DrawOffset();
  lane.Say("pread", {SlotName(slot), std::to_string(bytes.size()),
                     std::to_string(offset)});
  AddRead(lane, ::pread(lane.fd(slot), bytes.data(), bytes.size(), offset),
          bytes);
}

void ReadParts(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  std::string bytes(DrawSize(lane), '\0');
  const off_t offset = lane.DrawOffset();
  const std::size_t half = bytes.size() / 2;
  const std::array<iovec, 2> parts = {
      {{bytes.data(), half}, {bytes.data() + half, bytes.size() - half}}};
  if (lane.random().OneIn(2)) {
    lane.Say("readv", {SlotName(slot), std::to_string(bytes.size())});
    AddRead(lane, ::readv(lane.fd(slot), parts.data(), 2), bytes);
  } else {
    lane.Say("preadv", {SlotName(slot), std::to_string(bytes.size()),
                        std::to_string(offset)});
    AddRead(lane, ::preadv(lane.fd(slot), parts.data(), 2, offset), bytes);
  }
}

void Write(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const std::string bytes = lane.DrawBytes();
  lane.Say("write", {SlotName(slot), Content(bytes)});
  lane.Result(::write(lane.fd(slot), bytes.data(), bytes.size()));
  lane.Look(slot);
}

void WriteAt(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const std::string bytes = lane.DrawBytes();
  const off_t offset = lane.DrawOffset();
  lane.Say("pwrite", {SlotName(slot), Content(bytes), std::to_string(offset)});
  lane.Result(::pwrite(lane.fd(slot), bytes.data(), bytes.size(), offset));
  lane.Look(slot);
}

void WriteParts(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  std::string bytes = lane.DrawBytes();
  const std::size_t half = bytes.size() / 2;
  const std::array<iovec, 2> parts = {
      {{bytes.data(), half}, {bytes.data() + half, bytes.size() - half}}};
  const off_t offset = lane.DrawOffset();
  const int flags = lane.random().From<int>({0, RWF_APPEND, RWF_DSYNC});
  lane.Say("pwritev2", {SlotName(slot), Content(bytes), std::to_string(offset),
                        std::to_string(flags)});
  lane.Result(::pwritev2(lane.fd(slot), parts.data(), 2, offset, flags));
  lane.Look(slot);
}

void Seek(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const off_t offset = lane.DrawOffset();
  const int whence =
      lane.random().From<int>({SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END, 77});
  lane.Say("lseek",
           {SlotName(slot), std::to_string(offset), std::to_string(whence)});
  struct stat info {};
  // The offsets of a folder are the file system's own affair.
  if (::fstat(lane.fd(slot), &info) == 0 && S_ISDIR(info.st_mode)) return;
  lane.Result(::lseek(lane.fd(slot), offset, whence));
}

// Says whether there are only zeros from one offset to another.
bool IsZero(int fd, off_t from, off_t to) {
  std::string bytes(4096, '\0');
  while (from < to) {
    const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), from);
    if (count <= 0) break;
    bytes.resize(static_cast<std::size_t>(std::min(count, to - from)));
    if (bytes.find_first_not_of('\0') != std::string::npos) return false;
    bytes.resize(4096);
    from += count;
  }
  return true;
}

// Room that was allocated and not written is a hole or data, as the lower file
// system has its pages in memory or not. That is a deviation, because hashing
// brings them there; so after an allocation only what must be true is asked.
void FindHole(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const off_t offset = lane.DrawOffset();
  const int whence = lane.random().From<int>({SEEK_DATA, SEEK_HOLE});
  lane.Say(whence == SEEK_DATA ? "SEEK_DATA" : "SEEK_HOLE",
           {SlotName(slot), std::to_string(offset)});
  const int fd = lane.fd(slot);
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) return;
  const off_t before = ::lseek(fd, 0, SEEK_CUR);
  const off_t found = ::lseek(fd, offset, whence);
  if (!lane.has_allocated()) {
    lane.Result(found);
  } else if (whence == SEEK_DATA) {
    const off_t end = found >= 0 ? found : info.st_size;
    lane.Add(IsZero(fd, offset, end) ? "zeros before it" : "lost data");
  }
  if (before >= 0) ::lseek(fd, before, SEEK_SET);
}

void CopyRange(Lane& lane) {
  const std::size_t from = lane.DrawSlot();
  const std::size_t to = lane.DrawSlot();
  off_t from_offset = lane.DrawOffset();
  off_t to_offset = lane.DrawOffset();
  const std::size_t size = DrawSize(lane);
  lane.Say("copy_file_range",
           {SlotName(from), std::to_string(from_offset), SlotName(to),
            std::to_string(to_offset), std::to_string(size)});
  lane.Result(::copy_file_range(lane.fd(from), &from_offset, lane.fd(to),
                                &to_offset, size, 0));
  lane.Add(std::to_string(from_offset) + " " + std::to_string(to_offset));
  lane.Look(to);
}

void SendFile(Lane& lane) {
  const std::size_t from = lane.DrawSlot();
  const std::size_t to = lane.DrawSlot();
  off_t offset = lane.DrawOffset();
  const std::size_t size = DrawSize(lane);
  lane.Say("sendfile", {SlotName(to), SlotName(from), std::to_string(offset),
                        std::to_string(size)});
  if (from == to) return;  // whether it sees its own writes is up to timing
  // EINVAL, but it sets the access time of a folder, which we never hear of.
  struct stat info {};
  if (::fstat(lane.fd(from), &info) == 0 && S_ISDIR(info.st_mode)) return;
  lane.Result(::sendfile(lane.fd(to), lane.fd(from), &offset, size));
  lane.Look(to);
}

// Writes the first byte of a file once more. So its capabilities are gone, on
// both sides: a store takes them away only where it becomes a write, which is a
// deviation, stored-capability.
void WriteOneByte(int fd) {
  char byte = 0;
  if (::pread(fd, &byte, 1, 0) != 1) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, &byte, 1, 0);
}

// Loads from and stores to a mapping of the whole pages of a file. Both go
// through the kernel, which answers EFAULT where there is nothing.
void Map(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const bool stores = lane.random().OneIn(2);
  const int sharing =
      lane.random().From<int>({MAP_SHARED, MAP_SHARED, MAP_PRIVATE});
  if (stores && sharing == MAP_SHARED) lane.Stored();
  const std::size_t offset = lane.random().Below(9000);
  const std::string bytes = lane.DrawBytes().substr(0, 5000);
  const int sync = lane.random().From<int>({MS_SYNC, MS_ASYNC, 0});
  lane.Say(stores ? "mmap and store" : "mmap and load",
           {SlotName(slot), sharing == MAP_SHARED ? "shared" : "private",
            std::to_string(offset), std::to_string(bytes.size()),
            std::to_string(sync)});
  constexpr std::size_t kLength = 16384;
  void* const memory =
      ::mmap(nullptr, kLength, stores ? PROT_READ | PROT_WRITE : PROT_READ,
             sharing, lane.fd(slot), 0);
  if (memory == MAP_FAILED) {
    lane.Result(-1);
    return;
  }
  char* const place = static_cast<char*>(memory) + offset;
  if (stores && sharing == MAP_SHARED) WriteOneByte(lane.fd(slot));
  if (stores) {
    if (::pwrite(lane.memory_fd(), bytes.data(), bytes.size(), 0) < 0) {
      lane.Add("no memory");
    }
    lane.Result(::pread(lane.memory_fd(), place, bytes.size(), 0));
    if (sync != 0) lane.Result(::msync(memory, kLength, sync));
  }
  const ssize_t count = ::pwrite(lane.memory_fd(), place, bytes.size(), 0);
  lane.Result(count);
  // What is stored past the end may stay there or not, on any file system.
  struct stat info {};
  if (count > 0 && ::fstat(lane.fd(slot), &info) == 0) {
    const auto start = static_cast<off_t>(offset);
    const off_t end = std::clamp<off_t>(info.st_size - start, 0, count);
    std::string loaded(static_cast<std::size_t>(end), '\0');
    if (::pread(lane.memory_fd(), loaded.data(), loaded.size(), 0) == end) {
      lane.Add(Content(loaded));
    }
  }
  lane.Result(::munmap(memory, kLength));
  lane.Look(slot);
}

void Sync(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const bool data = lane.random().OneIn(2);
  lane.Say(data ? "fdatasync" : "fsync", {SlotName(slot)});
  lane.Result(data ? ::fdatasync(lane.fd(slot)) : ::fsync(lane.fd(slot)));
}

// Opens, reads and closes: what most programs do with a file.
void ReadWhole(Lane& lane) {
  const Place place = lane.DrawPlace();
  lane.Say("open, read and close", {place.text});
  const UniqueFd file(lane.Opened(::openat(place.folder_fd, place.name.c_str(),
                                           O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
  if (!file) return;
  std::string bytes(kMostBytes, '\0');
  AddRead(lane, ::read(file.get(), bytes.data(), bytes.size()), bytes);
}

constexpr std::array<Call, 13> kCalls = {{{6, Read},
                                          {5, ReadAt},
                                          {3, ReadParts},
                                          {9, Write},
                                          {9, WriteAt},
                                          {4, WriteParts},
                                          {4, Seek},
                                          {4, FindHole},
                                          {5, CopyRange},
                                          {3, SendFile},
                                          {8, Map},
                                          {1, Sync},
                                          {7, ReadWhole}}};

}  // namespace

std::span<const Call> DataCalls() { return kCalls; }

}  // namespace assayfs::differential
