// SPDX-License-Identifier: Apache-2.0
// The ways in which files are changed behind the judge's back.
#pragma once

#include <span>
#include <string>

#include "adversary/arena.h"
#include "adversary/file.h"
#include "adversary/random.h"

namespace adversary {

// One attack on one file, from one side.
struct Site {
  const Contents& contents;
  std::string folder;  // ends with a slash
  std::string name;
  Kind kind = Kind::kData;
  HeldInode* held = nullptr;  // set for an attack through the mount
  std::string scratch;        // a name in the folder that is nobody else's
  Random& random;

  std::string path() const { return folder + name; }
};

// Returns whether all calls of it worked. They may fail: others move the file.
using AttackWay = bool (*)(Site& site);

struct Attack {
  const char* name;
  AttackWay run;
};

// Changes of bytes, and of what stands under a name.
std::span<const Attack> DataAttacks();
std::span<const Attack> NameAttacks();
// What changes no content, though it may move each time stamp.
std::span<const Attack> HarmlessAttacks();

// A descriptor for writing. While it is open, its inode is told.
class Writer {
 public:
  Writer(Site& site, int flags);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  int get() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  std::size_t size_bytes() const;

 private:
  HeldInode* held_;
  Fd fd_;
};

// Sleeps up to limit_us microseconds.
void Pause(Random& random, std::size_t limit_us);

}  // namespace adversary
