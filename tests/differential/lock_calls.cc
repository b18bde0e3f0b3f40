// SPDX-License-Identifier: Apache-2.0
// Calls that lock; none of them waits.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

void LockWhole(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const int operation = lane.random().From<int>({LOCK_SH, LOCK_EX, LOCK_UN});
  lane.Say("flock", {SlotName(slot), std::to_string(operation)});
  lane.Result(::flock(lane.fd(slot), operation | LOCK_NB));
}

// unseen-removal: the kernel keeps the size that a removed folder had.
short DrawWhence(Lane& lane, int fd) {
  const short whence =
      lane.random().From<short>({SEEK_SET, SEEK_END, SEEK_CUR});
  struct stat info {};
  const bool is_folder = ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
  return is_folder ? static_cast<short>(SEEK_SET) : whence;
}

// Locks of a process never meet each other, but they meet those of open files.
void LockPart(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const int command = lane.random().From<int>(
      {F_SETLK, F_OFD_SETLK, F_OFD_SETLK, F_OFD_GETLK, F_GETLK});
  struct flock lock {};
  lock.l_type = lane.random().From<short>({F_RDLCK, F_WRLCK, F_UNLCK});
  lock.l_whence = DrawWhence(lane, lane.fd(slot));
  lock.l_start = lane.random().From<off_t>({0, 10, 4096, -1});
  lock.l_len = lane.random().From<off_t>({0, 1, 100});
  lane.Say("fcntl", {SlotName(slot), Flags(static_cast<unsigned>(command), {}),
                     std::to_string(lock.l_type), std::to_string(lock.l_whence),
                     std::to_string(lock.l_start), std::to_string(lock.l_len)});
  if (lane.Result(::fcntl(lane.fd(slot), command, &lock)) == 0) {
    lane.Add("type " + std::to_string(lock.l_type) + " from " +
             std::to_string(lock.l_start) + " for " +
             std::to_string(lock.l_len));
  }
}

constexpr std::array<Call, 2> kCalls = {{{3, LockWhole}, {6, LockPart}}};

}  // namespace

std::span<const Call> LockCalls() { return kCalls; }

}  // namespace assayfs::differential
