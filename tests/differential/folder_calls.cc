// SPDX-License-Identifier: Apache-2.0
// Calls that read folders.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::vector<std::string> Rest(DIR* folder) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder)) {
    names.push_back(Quoted(entry->d_name) + " type " +
                    std::to_string(entry->d_type));
  }
  std::ranges::sort(names);
  return names;
}

// The order of names is the file system's own affair; so is what seekdir
// takes. But from one place the same names must follow each time.
void Read(Lane& lane) {
  const char* name = lane.random().From<const char*>({".", ".", "d", "e", "a"});
  const std::uint64_t before = lane.random().Below(5);
  lane.Say("readdir", {Quoted(name), std::to_string(before)});
  const int fd = lane.Opened(
      ::openat(lane.work_fd(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd < 0) return;
  const Folder folder(::fdopendir(fd));
  for (std::uint64_t i = 0; i < before; ++i) {
    if (::readdir(folder.get()) == nullptr) lane.Add("end");
  }
  const long place = ::telldir(folder.get());
  const std::vector<std::string> rest = Rest(folder.get());
  ::seekdir(folder.get(), place);
  lane.Add(Rest(folder.get()) == rest ? "the same again" : "not the same");
  ::rewinddir(folder.get());
  std::string all;
  for (const std::string& entry : Rest(folder.get())) all += entry + " ";
  lane.Add(all);
}

// Reads through an open folder while names come and go in it.
void ReadOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  lane.Say("readdir", {SlotName(slot)});
  const int fd = lane.Opened(::fcntl(lane.fd(slot), F_DUPFD_CLOEXEC, 0));
  if (fd < 0) return;
  UniqueFd own(fd);
  const Folder folder(::fdopendir(fd));
  lane.Add(folder ? "folder" : ErrnoName(errno));
  if (!folder) return;
  [[maybe_unused]] const int taken = own.Release();
  ::rewinddir(folder.get());
  std::string all;
  for (const std::string& entry : Rest(folder.get())) all += entry + " ";
  lane.Add(all);
}

constexpr std::array<Call, 2> kCalls = {{{5, Read}, {3, ReadOpen}}};

}  // namespace

std::span<const Call> FolderCalls() { return kCalls; }

}  // namespace assayfs::differential
