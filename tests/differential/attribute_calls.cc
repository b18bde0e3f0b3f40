// SPDX-License-Identifier: Apache-2.0
// Calls that read and set attributes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "calls.h"
#include "words.h"

namespace assayfs::differential {
namespace {

int DrawFollow(Lane& lane) {
  return lane.random().From<int>({0, AT_SYMLINK_NOFOLLOW});
}

std::string FollowName(int flags) {
  return Flags(static_cast<unsigned>(flags),
               {{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
                {AT_EACCESS, "AT_EACCESS"}});
}

void Stat(Lane& lane) {
  const Place place = lane.DrawPlace();
  const int flags = DrawFollow(lane);
  lane.Say("fstatat", {place.text, FollowName(flags)});
  struct stat info {};
  const auto returned =
      lane.Result(::fstatat(place.folder_fd, place.name.c_str(), &info, flags));
  if (returned == 0) lane.Add(Attributes(info, lane.blocks()));
}

void StatOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  lane.Say("fstat", {SlotName(slot)});
  lane.Look(slot);
}

void StatMore(Lane& lane) {
  const Place place = lane.DrawPlace();
  const int flags =
      DrawFollow(lane) | lane.random().From<int>(
                             {0, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC, 0x1});
  lane.Say("statx", {place.text, FollowName(flags)});
  struct statx info {};
  const auto returned = lane.Result(::statx(place.folder_fd, place.name.c_str(),
                                            flags, STATX_BASIC_STATS, &info));
  if (returned != 0) return;
  if ((flags & AT_STATX_DONT_SYNC) != 0) {
    // dont-sync: what the kernel knows already may be old.
    lane.Add(Octal(info.stx_mode & S_IFMT));
    return;
  }
  lane.Add(Octal(info.stx_mode) + " size " + std::to_string(info.stx_size) +
           " links " + std::to_string(info.stx_nlink) + " mtime " +
           Time({info.stx_mtime.tv_sec, info.stx_mtime.tv_nsec}) + " mask " +
           Octal(info.stx_mask & STATX_BASIC_STATS));
}

void Access(Lane& lane) {
  const Place place = lane.DrawPlace();
  const int mode = static_cast<int>(lane.random().Below(8));
  const int flags = lane.random().From<int>(
      {0, AT_EACCESS, AT_EACCESS | AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW});
  lane.Say("faccessat", {place.text, std::to_string(mode), FollowName(flags)});
  lane.Result(::faccessat(place.folder_fd, place.name.c_str(), mode, flags));
}

void ChangeMode(Lane& lane) {
  const Place place = lane.DrawPlace();
  const mode_t mode = lane.DrawMode();
  lane.Say("fchmodat", {place.text, Octal(mode)});
  lane.Result(::fchmodat(place.folder_fd, place.name.c_str(), mode, 0));
  lane.Look(place);
}

void ChangeModeOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const mode_t mode = lane.DrawMode();
  lane.Say("fchmod", {SlotName(slot), Octal(mode)});
  lane.Result(::fchmod(lane.fd(slot), mode));
  lane.Look(slot);
}

constexpr std::array<uid_t, 4> kUsers = {0, 1000, 65534,
                                         static_cast<uid_t>(-1)};
constexpr std::array<gid_t, 6> kGroups = {0,    1000,  2000,
                                          2001, 65534, static_cast<gid_t>(-1)};

struct Owners {
  uid_t user;
  gid_t group;
};

// idle-group-bit: who changes neither owner nor group takes a set-group-ID bit
// away that means nothing, or may not. The kernel asks a FUSE file system for
// nothing. So only root, who may keep the bit, does that here.
Owners DrawOwners(Lane& lane) {
  const Owners owners{lane.random().From<uid_t>(kUsers),
                      lane.random().From<gid_t>(kGroups)};
  const bool changes =
      owners.user != kUsers.back() || owners.group != kGroups.back();
  return changes || ::geteuid() == 0 ? owners : Owners{0, 0};
}

void ChangeOwner(Lane& lane) {
  const Place place = lane.DrawPlace();
  const auto [user, group] = DrawOwners(lane);
  const int flags = DrawFollow(lane);
  lane.Say("fchownat",
           {place.text, std::to_string(static_cast<int>(user)),
            std::to_string(static_cast<int>(group)), FollowName(flags)});
  lane.Result(
      ::fchownat(place.folder_fd, place.name.c_str(), user, group, flags));
  lane.Look(place);
}

void ChangeOwnerOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const auto [user, group] = DrawOwners(lane);
  lane.Say("fchown", {SlotName(slot), std::to_string(static_cast<int>(user)),
                      std::to_string(static_cast<int>(group))});
  lane.Result(::fchown(lane.fd(slot), user, group));
  lane.Look(slot);
}

timespec DrawTime(Random& random) {
  if (random.OneIn(4)) return {0, UTIME_NOW};
  if (random.OneIn(4)) return {0, UTIME_OMIT};
  return random.From<timespec>({{0, 1},
                                {1, 999'999'999},
                                {1'234'567'890, 123'456'789},
                                {-1, 500'000'000},
                                {0x80000005, 7},
                                {1'000'000'000, 0},
                                {5, 1'000'000'000}});
}

std::string GivenTime(const timespec& time) {
  if (time.tv_nsec == UTIME_NOW) return "UTIME_NOW";
  if (time.tv_nsec == UTIME_OMIT) return "UTIME_OMIT";
  return Time(time);
}

void SetTimes(Lane& lane) {
  const Place place = lane.DrawPlace();
  const std::array<timespec, 2> times = {DrawTime(lane.random()),
                                         DrawTime(lane.random())};
  const int flags = DrawFollow(lane);
  lane.Say("utimensat", {place.text, GivenTime(times[0]), GivenTime(times[1]),
                         FollowName(flags)});
  lane.Result(
      ::utimensat(place.folder_fd, place.name.c_str(), times.data(), flags));
  lane.Look(place);
}

void SetTimesOpen(Lane& lane) {
  const std::size_t slot = lane.DrawSlot();
  const std::array<timespec, 2> times = {DrawTime(lane.random()),
                                         DrawTime(lane.random())};
  lane.Say("futimens",
           {SlotName(slot), GivenTime(times[0]), GivenTime(times[1])});
  lane.Result(::futimens(lane.fd(slot), times.data()));
  lane.Look(slot);
}

void SetUmask(Lane& lane) {
  const mode_t mask = lane.random().From<mode_t>({0, 022, 027, 077, 0777, 02});
  lane.Say("umask", {Octal(mask)});
  lane.Add(Octal(::umask(mask)));
}

constexpr std::array<Call, 11> kCalls = {{{4, Stat},
                                          {3, StatOpen},
                                          {3, StatMore},
                                          {7, Access},
                                          {10, ChangeMode},
                                          {5, ChangeModeOpen},
                                          {7, ChangeOwner},
                                          {4, ChangeOwnerOpen},
                                          {6, SetTimes},
                                          {4, SetTimesOpen},
                                          {4, SetUmask}}};

}  // namespace

std::span<const Call> AttributeCalls() { return kCalls; }

}  // namespace assayfs::differential
