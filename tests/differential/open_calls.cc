// SPDX-License-Identifier: Apache-2.0
// Calls that open and close.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

// Opens place into slot. A FIFO would wait for somebody, so it does not block.
void OpenInto(Lane& lane, std::size_t slot, const Place& place, int flags,
              mode_t mode) {
  lane.Say("openat",
           {SlotName(slot), place.text, OpenFlags(flags), Octal(mode)});
  struct stat info {};
  const bool is_fifo =
      ::fstatat(place.folder_fd, place.name.c_str(), &info, 0) == 0 &&
      S_ISFIFO(info.st_mode);
  if (is_fifo) flags |= O_NONBLOCK;
  const int fd = lane.Opened(
      ::openat(place.folder_fd, place.name.c_str(), flags | O_CLOEXEC, mode));
  if (fd < 0) return lane.Look(place);
  // The flags that the kernel keeps.
  lane.Add(OpenFlags(::fcntl(fd, F_GETFL) & ~0100000));  // O_LARGEFILE
  lane.Fill(slot, fd);
  lane.Look(slot);
}

int DrawFlags(Random& random) {
  int flags = random.From<int>({O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR});
  constexpr std::array kSome = {
      O_CREAT, O_CREAT,     O_TRUNC,          O_APPEND,         O_NOFOLLOW,
      O_EXCL,  O_DIRECTORY, O_PATH,           O_NOATIME,        O_SYNC,
      O_DSYNC, O_NONBLOCK,  O_CREAT | O_EXCL, O_CREAT | O_TRUNC};
  for (std::uint64_t count = random.Below(4); count > 0; --count) {
    flags |= random.From<int>(kSome);
  }
  return flags;
}

void Open(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const Place place = lane.DrawPlace();
  const int flags = DrawFlags(lane.random());
  OpenInto(lane, slot, place, flags, lane.DrawMode());
}

void OpenPlainly(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const int flags =
      lane.random().From<int>({O_RDONLY, O_RDWR, O_RDWR | O_APPEND});
  OpenInto(lane, slot, lane.DrawPlace(), flags, 0);
}

void OpenFolder(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const char* name = lane.random().From<const char*>({"d", "e", "d/e", "."});
  OpenInto(lane, slot, {lane.work_fd(), name, Quoted(name)},
           O_RDONLY | O_DIRECTORY, 0);
}

void Creat(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  OpenInto(lane, slot, lane.DrawPlace(), O_WRONLY | O_CREAT | O_TRUNC,
           lane.DrawMode());
}

// Opens a file without a name and, mostly, gives it one.
void OpenTemporary(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const char* folder = lane.random().From<const char*>({".", ".", "d", "a"});
  const int flags =
      O_TMPFILE | lane.random().From<int>({O_RDWR, O_WRONLY, O_RDWR | O_EXCL,
                                           O_RDONLY, O_RDWR | O_APPEND});
  OpenInto(lane, slot, {lane.work_fd(), folder, Quoted(folder)}, flags,
           lane.DrawMode());
}

void LinkOpened(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const Place place = lane.DrawPlace();
  lane.Say("linkat", {SlotName(slot), place.text, "AT_SYMLINK_FOLLOW"});
  const std::string source =
      "/proc/thread-self/fd/" + std::to_string(lane.fd(slot));
  lane.Result(::linkat(AT_FDCWD, source.c_str(), place.folder_fd,
                       place.name.c_str(), AT_SYMLINK_FOLLOW));
  lane.Look(place);
  lane.Look(slot);
}

void Close(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  lane.Say("close", {SlotName(slot)});
  const int fd = lane.Empty(slot);
  if (fd < 0) return lane.Add("empty");
  lane.Result(::close(fd));
}

// The copy shares offset, flags and locks; closing one leaves the other.
void Duplicate(Lane& lane) {
  const std::size_t from = lane.DrawSlot();
  const std::size_t to = lane.DrawSlot();
  lane.Say("dup", {SlotName(from), SlotName(to)});
  const int fd = lane.Opened(::fcntl(lane.fd(from), F_DUPFD_CLOEXEC, 0));
  if (fd >= 0) lane.Fill(to, fd);
}

void SetStatusFlags(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  // Not O_NOATIME: that is the deviation late-noatime.
  int flags = lane.random().From<int>({0, O_APPEND, O_NONBLOCK});
  // Not taken back: that is the deviation append-stays.
  flags |= ::fcntl(lane.fd(slot), F_GETFL) & O_APPEND;
  lane.Say("F_SETFL", {SlotName(slot), OpenFlags(flags)});
  lane.Result(::fcntl(lane.fd(slot), F_SETFL, flags));
}

constexpr std::array<Call, 9> kCalls = {{{26, Open},
                                         {12, OpenPlainly},
                                         {4, OpenFolder},
                                         {4, Creat},
                                         {4, OpenTemporary},
                                         {4, LinkOpened},
                                         {7, Close},
                                         {2, Duplicate},
                                         {2, SetStatusFlags}}};

}  // namespace

std::span<const Call> OpenCalls() { return kCalls; }

void MakeFirstCall(Lane& lane, std::size_t number) {
  if (number == 0) {
    return OpenInto(lane, 0, {lane.work_fd(), "a", Quoted("a")},
                    O_RDWR | O_CREAT, lane.random().From<mode_t>({0666, 0755}));
  }
  if (number == 1) {
    const std::string bytes = lane.DrawBytes();
    lane.Say("write", {SlotName(0), Content(bytes)});
    lane.Result(::write(lane.fd(0), bytes.data(), bytes.size()));
    return;
  }
  if (number == 2) {
    lane.Say("mkdirat", {Quoted("d"), Octal(0777)});
    lane.Result(::mkdirat(lane.work_fd(), "d", 0777));
    return;
  }
  lane.Say("symlinkat", {Quoted("a"), Quoted("l")});
  lane.Result(::symlinkat("a", lane.work_fd(), "l"));
}

}  // namespace assayfs::differential
