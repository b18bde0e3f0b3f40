// SPDX-License-Identifier: Apache-2.0
// Attacks that change bytes in place.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "adversary/attacks.h"

namespace adversary {

Writer::Writer(Site& site, int flags)
    : held_(site.held), fd_(OpenAt(site.path(), flags)) {
  struct stat info {};
  if (!fd_ || held_ == nullptr || ::fstat(fd_.get(), &info) != 0) return;
  held_->Hold(info.st_ino);
}

Writer::~Writer() {
  if (held_ != nullptr) held_->LetGo();
}

std::size_t Writer::size_bytes() const {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return 0;
  return static_cast<std::size_t>(info.st_size);
}

void Pause(Random& random, std::size_t limit_us) {
  std::this_thread::sleep_for(
      std::chrono::microseconds(random.Below(limit_us + 1)));
}

namespace {

constexpr std::size_t kBlockBytes = 4096;

std::string AlienBytes(Random& random) {
  return std::string(1 + random.Below(5000), 'X');
}

off_t SomeOffset(const Writer& writer, Random& random) {
  return static_cast<off_t>(random.Below(writer.size_bytes() + 1));
}

off_t SomeBlock(const Writer& writer, Random& random) {
  const std::size_t blocks = writer.size_bytes() / kBlockBytes + 1;
  return static_cast<off_t>(random.Below(blocks) * kBlockBytes);
}

bool WriteAlien(Site& site) {
  const Writer writer(site, O_WRONLY);
  return writer && WriteAll(writer.get(), AlienBytes(site.random),
                            SomeOffset(writer, site.random));
}

bool WriteContent(Site& site, int flags) {
  const Content& content = site.contents.PickAny(site.kind, site.random);
  const Writer writer(site, flags);
  return writer && WriteAll(writer.get(), content.bytes) &&
         ::ftruncate(writer.get(), static_cast<off_t>(content.bytes.size())) ==
             0;
}

bool Rewrite(Site& site) { return WriteContent(site, O_WRONLY); }
bool RewriteTruncated(Site& site) {
  return WriteContent(site, O_WRONLY | O_TRUNC | O_CREAT);
}
bool RewriteReading(Site& site) { return WriteContent(site, O_RDWR | O_CREAT); }

bool RewriteKnown(Site& site) {
  const Content& content = site.contents.PickKnown(site.kind, site.random);
  const Writer writer(site, O_WRONLY | O_CREAT);
  return writer && WriteAll(writer.get(), content.bytes) &&
         ::ftruncate(writer.get(), static_cast<off_t>(content.bytes.size())) ==
             0;
}

bool Append(Site& site) {
  const Writer writer(site, O_WRONLY | O_APPEND);
  return writer && ::write(writer.get(), "X", 1) == 1;
}

// Stores into a mapping that stays while others open the file, and takes most
// of them back. Once a page is dirty, its stores move no time stamp.
bool StoreMapped(Site& site) {
  auto writer = std::make_unique<Writer>(site, O_RDWR);
  if (!*writer) return false;
  const std::size_t size = writer->size_bytes();
  Mapping mapping(writer->get(), size, PROT_READ | PROT_WRITE);
  if (!mapping) return false;
  const auto before = ReadAll(writer->get());
  if (!before || before->size() != size) return false;
  if (site.random.OneIn(2)) writer.reset();  // the mapping alone stays
  for (std::size_t i = 0; i < 10; ++i) {
    const std::size_t at = site.random.Below(size);
    if (!mapping.Store(at, 'X')) return false;
    Pause(site.random, 500);
    if (!mapping.Store(at, (*before)[at])) return false;
    Pause(site.random, 500);
  }
  return site.random.OneIn(2) || mapping.Store(site.random.Below(size), 'X');
}

bool TruncateOpen(Site& site) {
  const Writer writer(site, O_WRONLY);
  if (!writer) return false;
  const off_t size = static_cast<off_t>(writer.size_bytes());
  if (::ftruncate(writer.get(), SomeOffset(writer, site.random)) != 0) {
    return false;
  }
  Pause(site.random, 200);
  return ::ftruncate(writer.get(), size) == 0;
}

bool TruncatePath(Site& site) {
  const std::size_t size = site.random.Below(6000);
  return ::truncate(site.path().c_str(), static_cast<off_t>(size)) == 0;
}

bool Allocate(Site& site) {
  constexpr std::array<int, 4> kModes = {
      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
      FALLOC_FL_COLLAPSE_RANGE, 0};
  const int mode = kModes.at(site.random.Below(kModes.size()));
  const Writer writer(site, O_WRONLY);
  return writer &&
         ::fallocate(writer.get(), mode, SomeBlock(writer, site.random),
                     static_cast<off_t>(kBlockBytes)) == 0;
}

bool CopyRange(Site& site) {
  const Content& content = site.contents.PickAny(site.kind, site.random);
  const std::string source = site.folder + site.scratch;
  bool copied = false;
  if (WriteFile(source, content.bytes)) {
    const Fd from = OpenAt(source, O_RDONLY);
    const Writer to(site, O_WRONLY);
    off_t from_offset = static_cast<off_t>(kBlockBytes);
    off_t to_offset = site.random.OneIn(2) ? from_offset : 0;
    copied = from && to &&
             ::copy_file_range(from.get(), &from_offset, to.get(), &to_offset,
                               3 * kBlockBytes, 0) > 0;
  }
  ::unlink(source.c_str());
  return copied;
}

bool WriteDirect(Site& site) {
  const std::unique_ptr<void, decltype(&std::free)> block(
      std::aligned_alloc(kBlockBytes, kBlockBytes), &std::free);
  std::fill_n(static_cast<char*>(block.get()), kBlockBytes, 'X');
  const Writer writer(site, O_WRONLY | O_DIRECT);
  return writer &&
         ::pwrite(writer.get(), block.get(), kBlockBytes,
                  SomeBlock(writer, site.random)) == ssize_t{kBlockBytes};
}

// Holds the file open for writing, and writes some time after the open.
bool HoldAndWrite(Site& site) {
  const Writer writer(site, O_WRONLY);
  if (!writer) return false;
  Pause(site.random, 3000);
  const bool written =
      site.random.OneIn(3) || WriteAll(writer.get(), AlienBytes(site.random),
                                       SomeOffset(writer, site.random));
  Pause(site.random, 3000);
  return written;
}

bool SetTimesBack(int fd, const struct stat& info) {
  const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
  return ::futimens(fd, times.data()) == 0;
}

bool WriteAndSetTimesBack(Site& site) {
  const Writer writer(site, O_WRONLY);
  struct stat info {};
  return writer && ::fstat(writer.get(), &info) == 0 &&
         WriteAll(writer.get(), "X", SomeOffset(writer, site.random)) &&
         SetTimesBack(writer.get(), info);
}

// There and back within one open: a hash may see either.
bool WriteThereAndBack(Site& site) {
  const Content& content = site.contents.PickKnown(site.kind, site.random);
  const Writer writer(site, O_WRONLY | O_CREAT);
  struct stat info {};
  if (!writer || ::fstat(writer.get(), &info) != 0) return false;
  const off_t at = static_cast<off_t>(site.random.Below(content.bytes.size()));
  for (int i = 0; i < 5; ++i) {
    if (!WriteAll(writer.get(), content.bytes) ||
        !WriteAll(writer.get(), "X", at)) {
      return false;
    }
    Pause(site.random, 300);
  }
  return WriteAll(writer.get(), content.bytes) &&
         SetTimesBack(writer.get(), info);
}

constexpr std::array kAttacks = {
    Attack{"write", WriteAlien},
    Attack{"rewrite", Rewrite},
    Attack{"rewrite known", RewriteKnown},
    Attack{"rewrite known", RewriteKnown},
    Attack{"O_TRUNC", RewriteTruncated},
    Attack{"O_RDWR|O_CREAT", RewriteReading},
    Attack{"append", Append},
    Attack{"mmap store", StoreMapped},
    Attack{"ftruncate", TruncateOpen},
    Attack{"truncate", TruncatePath},
    Attack{"fallocate", Allocate},
    Attack{"copy_file_range", CopyRange},
    Attack{"O_DIRECT", WriteDirect},
    Attack{"hold and write", HoldAndWrite},
    Attack{"write, times set back", WriteAndSetTimesBack},
    Attack{"write there and back", WriteThereAndBack},
};

}  // namespace

std::span<const Attack> DataAttacks() { return kAttacks; }

}  // namespace adversary
