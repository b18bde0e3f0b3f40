// SPDX-License-Identifier: Apache-2.0
// Calls that make, move and remove names.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

void MakeNode(Lane& lane) {
  const Place place = lane.DrawPlace();
  const mode_t mode =
      lane.DrawMode() | lane.random().From<mode_t>(
                            {S_IFIFO, S_IFCHR, S_IFBLK, S_IFSOCK, S_IFREG, 0});
  // The null device; a number that no driver has; a whiteout.
  const dev_t device = lane.random().From<dev_t>(
      {makedev(1, 3), makedev(4000, 99), makedev(0, 0)});
  lane.Say("mknodat", {place.text, Octal(mode), std::to_string(device)});
  lane.Result(::mknodat(place.folder_fd, place.name.c_str(), mode, device));
  lane.Look(place);
}

void MakeFolder(Lane& lane) {
  const Place place = lane.DrawPlace();
  const mode_t mode = lane.DrawMode();
  lane.Say("mkdirat", {place.text, Octal(mode)});
  lane.Result(::mkdirat(place.folder_fd, place.name.c_str(), mode));
  lane.Look(place);
}

void Unlink(Lane& lane) {
  const Place place = lane.DrawPlace();
  const int flags = lane.random().From<int>({0, 0, AT_REMOVEDIR});
  lane.Say(flags == 0 ? "unlinkat" : "rmdir", {place.text});
  lane.Result(::unlinkat(place.folder_fd, place.name.c_str(), flags));
  lane.Look(place);
}

void MakeSymlink(Lane& lane) {
  const Place place = lane.DrawPlace();
  const std::string target = lane.random().From<std::string>(
      {"a", "b", "d", "l", "d/a", "nothing", "", "new\nline \xff", "e/",
       std::string(4095, 't'), std::string(4096, 't'), std::string(60, 'x'),
       "."});
  lane.Say("symlinkat", {Quoted(target), place.text});
  lane.Result(::symlinkat(target.c_str(), place.folder_fd, place.name.c_str()));
  lane.Look(place);
}

void ReadLink(Lane& lane) {
  const Place place = lane.DrawPlace();
  std::array<char, PATH_MAX> target{};
  const std::size_t size = lane.random().From<std::size_t>({PATH_MAX, 3, 0});
  lane.Say("readlinkat", {place.text, std::to_string(size)});
  const auto length = lane.Result(
      ::readlinkat(place.folder_fd, place.name.c_str(), target.data(), size));
  if (length > 0) {
    lane.Add(Content({target.data(), static_cast<std::size_t>(length)}));
  }
}

void Link(Lane& lane) {
  const Place from = lane.DrawPlace();
  const Place to = lane.DrawPlace();
  const int flags = lane.random().From<int>({0, 0, AT_SYMLINK_FOLLOW});
  lane.Say("linkat", {from.text, to.text, flags == 0 ? "0" : "follow"});
  lane.Result(::linkat(from.folder_fd, from.name.c_str(), to.folder_fd,
                       to.name.c_str(), flags));
  lane.Look(from);
  lane.Look(to);
}

void Rename(Lane& lane) {
  const Place from = lane.DrawPlace();
  const Place to = lane.DrawPlace();
  const unsigned flags = lane.random().From<unsigned>(
      {0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE,
       RENAME_WHITEOUT, RENAME_NOREPLACE | RENAME_EXCHANGE, 64});
  lane.Say("renameat2", {from.text, to.text,
                         Flags(flags, {{RENAME_NOREPLACE, "NOREPLACE"},
                                       {RENAME_EXCHANGE, "EXCHANGE"},
                                       {RENAME_WHITEOUT, "WHITEOUT"}})});
  lane.Result(::renameat2(from.folder_fd, from.name.c_str(), to.folder_fd,
                          to.name.c_str(), flags));
  lane.Look(from);
  lane.Look(to);
}

// Attempts at a link. While others remove theirs, the kernel may believe for a
// moment that no link is left, and answers ENOENT: the deviation racing-links.
constexpr int kMostLinkTries = 20;

// A link to the file that all lanes of the sequence see, for as long as it
// takes to read it: whatever they do at once, the content is the same.
void ShareLink(Lane& lane) {
  lane.Say("link, read and unlink", {Quoted("../../shared")});
  const int work = lane.work_fd();
  int linked = -1;
  for (int i = 0; i < kMostLinkTries && linked != 0; ++i) {
    // Asked for its attributes, the mount counts links anew.
    struct stat info {};
    ::fstatat(work, "../../shared", &info, 0);
    linked = ::linkat(work, "../../shared", work, "own", 0);
    if (linked != 0 && errno != ENOENT) break;
  }
  if (lane.Result(linked) != 0) return;
  const UniqueFd file(
      lane.Opened(::openat(work, "own", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)));
  if (file) {
    std::array<char, 64> bytes{};
    const auto length =
        lane.Result(::pread(file.get(), bytes.data(), bytes.size(), 0));
    if (length > 0) {
      lane.Add(Content({bytes.data(), static_cast<std::size_t>(length)}));
    }
  }
  lane.Result(::unlinkat(work, "own", 0));
}

constexpr std::array<Call, 8> kCalls = {{{4, MakeNode},
                                         {8, MakeFolder},
                                         {11, Unlink},
                                         {6, MakeSymlink},
                                         {3, ReadLink},
                                         {9, Link},
                                         {18, Rename},
                                         {2, ShareLink}}};

}  // namespace

std::span<const Call> NameCalls() { return kCalls; }

}  // namespace assayfs::differential
