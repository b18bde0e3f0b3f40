// SPDX-License-Identifier: Apache-2.0
// Restore: known content comes back, and must be allowed.
#include "adversary/restore.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "adversary/file.h"

namespace adversary {
namespace {

using Clock = std::chrono::steady_clock;

// The kernel remembers names for up to a second; this is for a slow machine.
constexpr std::chrono::seconds kNamesWait{10};
constexpr std::chrono::milliseconds kAskAgain{20};

enum class Way { kInPlaceThrough, kInPlaceBelow, kRenameThrough, kRenameBelow };

const char* NameOf(Way way) {
  switch (way) {
    case Way::kInPlaceThrough:
      return "in place through the mount";
    case Way::kInPlaceBelow:
      return "in place below";
    case Way::kRenameThrough:
      return "by rename through the mount";
    case Way::kRenameBelow:
      return "by rename below";
  }
  return "";
}

Way PickWay(const Arena& arena, Random& random) {
  if (!arena.options.read_only) return static_cast<Way>(random.Below(4));
  return random.OneIn(2) ? Way::kInPlaceBelow : Way::kRenameBelow;
}

bool PutBack(const std::string& folder, const std::string& name,
             const std::string& bytes, Way way) {
  const std::string path = folder + name;
  if (way == Way::kInPlaceThrough || way == Way::kInPlaceBelow) {
    return WriteInPlace(path, bytes);
  }
  const std::string fresh = folder + "scratch-restore";
  return WriteFile(fresh, bytes) && ::rename(fresh.c_str(), path.c_str()) == 0;
}

// Says whether a name leads to the same inode on both sides.
bool SameInode(const std::string& one, const std::string& other) {
  struct stat first {};
  struct stat second {};
  return ::stat(one.c_str(), &first) == 0 &&
         ::stat(other.c_str(), &second) == 0 && first.st_ino == second.st_ino;
}

void RestoreOne(Arena& arena, Group& group, const std::string& name,
                Random& random) {
  const Content& content =
      arena.contents.PickKnown(Arena::KindOf(name), random);
  const Way way = PickWay(arena, random);
  const bool through =
      way == Way::kInPlaceThrough || way == Way::kRenameThrough;
  const std::string below = arena.Folder(group, Side::kBelow) + name;
  const std::string mounted = arena.Folder(group, Side::kThrough) + name;
  const std::string what = name + ", put back " + NameOf(way) + ", ";
  const auto deadline = Clock::now() + kNamesWait;
  // A writer through an old name would write another file.
  while (through && !SameInode(below, mounted) && Clock::now() < deadline) {
    if (::access(below.c_str(), F_OK) != 0) break;
    std::this_thread::sleep_for(kAskAgain);
  }
  const Side side = through ? Side::kThrough : Side::kBelow;
  if (!PutBack(arena.Folder(group, side), name, content.bytes, way)) {
    return arena.FalseDenial(what + "was not written: " + std::strerror(errno),
                             &group);
  }
  ++arena.counters.restored;
  bool again = false;
  while (true) {
    const bool same = SameInode(below, mounted);
    const Fd fd = OpenAt(mounted, O_RDONLY);
    const int error = errno;
    const auto bytes = fd ? ReadAll(fd.get()) : std::nullopt;
    if (bytes == content.bytes) return;
    // Where files are judged when they are read, the kernel may have looked at
    // it while it was written.
    if (fd && !bytes && errno == EIO && arena.options.read_only && !again) {
      again = true;
      continue;
    }
    if (same && bytes) {
      return arena.FalseAllow(what + "showed " +
                                  arena.contents.Describe(*bytes) +
                                  " instead of " + content.name,
                              &group);
    }
    if (same || Clock::now() > deadline) {
      return arena.FalseDenial(what + (fd ? "was not read" : "was denied: ") +
                                   (fd ? "" : std::strerror(error)),
                               &group);
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

}  // namespace

void Restore(Arena& arena, Group& group, Random& random) {
  for (const std::string& name : Arena::Names()) {
    RestoreOne(arena, group, name, random);
  }
}

}  // namespace adversary
