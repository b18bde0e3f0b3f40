// SPDX-License-Identifier: Apache-2.0
// Calls on the size of files and the room that they take.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

// Sizes stay small, because each open of a judged file hashes it. None is more
// than the lower file system can have: that fails, but the kernel has taken the
// file's capabilities away by then, which is the deviation large-offset.
off_t DrawFileSize(Lane& lane) {
  return lane.random().From<off_t>(
      {0, 0, 1, 10, 4095, 4096, 4097, 8192, 10'000, 1 << 20, 5 << 20, -1});
}

void Truncate(Lane& lane) {
  // There is no truncateat.
  const std::string name = lane.DrawName();
  const off_t size = DrawFileSize(lane);
  lane.Say("truncate", {Quoted(name), std::to_string(size)});
  const std::string path =
      "/proc/thread-self/fd/" + std::to_string(lane.work_fd()) + "/" + name;
  lane.Result(::truncate(path.c_str(), size));
  lane.Look({lane.work_fd(), name, ""});
}

void TruncateOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const off_t size = DrawFileSize(lane);
  lane.Say("ftruncate", {SlotName(slot), std::to_string(size)});
  lane.Result(::ftruncate(lane.fd(slot), size));
  lane.Look(slot);
}

// Ranges are neither collapsed nor inserted: the kernel does not ask FUSE file
// systems to, which is a deviation.
void Allocate(Lane& lane) {
  lane.Allocated();
  const std::size_t slot = lane.DrawSlot();
  const int mode = lane.random().From<int>(
      {0, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE,
       FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE});
  const bool pages = lane.random().OneIn(2);
  off_t offset = lane.DrawOffset();
  off_t length = lane.DrawLength();
  if (pages) {
    offset &= ~off_t{4095};
    length = (length + 4095) & ~off_t{4095};
  }
  lane.Say("fallocate", {SlotName(slot),
                         Flags(static_cast<unsigned>(mode),
                               {{FALLOC_FL_KEEP_SIZE, "KEEP_SIZE"},
                                {FALLOC_FL_PUNCH_HOLE, "PUNCH_HOLE"},
                                {FALLOC_FL_ZERO_RANGE, "ZERO_RANGE"}}),
                         std::to_string(offset), std::to_string(length)});
  lane.Result(::fallocate(lane.fd(slot), mode, offset, length));
  lane.Look(slot);
}

constexpr std::array<Call, 3> kCalls = {
    {{7, Truncate}, {7, TruncateOpen}, {10, Allocate}}};

}  // namespace

std::span<const Call> SpaceCalls() { return kCalls; }

}  // namespace assayfs::differential
