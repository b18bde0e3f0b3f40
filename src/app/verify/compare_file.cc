// SPDX-License-Identifier: Apache-2.0
// Comparing a file with what a header says of it.
#include "app/verify/compare_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "appraise/file_capabilities.h"

namespace assayfs {
namespace {

constexpr std::uint32_t kContentTests =
    kRpmVerifyDigest | kRpmVerifySize | kRpmVerifyMtime;

bool IsDevice(mode_t mode) { return S_ISCHR(mode) || S_ISBLK(mode); }

// Returns what to hold against the header: of the link itself, or of the
// folder behind it.
const struct stat& Subject(const RpmFileMetadata& expected,
                           const FoundFile& found, const Owners& owners) {
  if (!S_ISDIR(expected.mode) || !found.folder_behind) return found.info;
  const bool trusted = found.info.st_uid == 0 ||
                       owners.users.Match(expected.user, found.info.st_uid);
  return trusted ? *found.folder_behind : found.info;
}

bool SizeDiffers(const RpmFileMetadata& expected, const struct stat& info) {
  return static_cast<std::uint64_t>(info.st_size) != expected.size_bytes;
}

bool ModeDiffers(const RpmFileMetadata& expected, const struct stat& info) {
  // The type of a ghost is anybody's guess.
  const mode_t compared = (expected.flags & kRpmGhost) != 0 ? 07777 : 0177777;
  return ((info.st_mode ^ expected.mode) & compared) != 0;
}

bool DeviceDiffers(const RpmFileMetadata& expected, const struct stat& info) {
  if (IsDevice(expected.mode) || IsDevice(info.st_mode)) {
    if (((info.st_mode ^ expected.mode) & S_IFMT) != 0) return true;
    // Headers have no room for more.
    return (info.st_rdev & 0xffff) != expected.rdev;
  }
  return false;
}

char DigestMark(const RpmFileMetadata& expected, const FoundFile& found) {
  // Nobody hashes content of another size: its digest cannot be the same.
  if (!expected.digest || SizeDiffers(expected, found.info)) return '5';
  const auto same = std::ranges::find(
      found.digests, expected.digest->algorithm(), &Digest::algorithm);
  if (same == found.digests.end()) return '?';
  return *same == *expected.digest ? '.' : '5';
}

char LinkMark(const RpmFileMetadata& expected, const FoundFile& found) {
  if (!found.link_target) return '?';
  return *found.link_target == expected.link_target ? '.' : 'L';
}

char CapabilityMark(const RpmFileMetadata& expected, const FoundFile& found) {
  const auto capabilities = ParseCapabilities(expected.capabilities);
  if (!capabilities || !found.capabilities) return '?';
  return *found.capabilities == *capabilities ? '.' : 'P';
}

}  // namespace

std::uint32_t TestsOf(const RpmFileMetadata& expected, mode_t mode) {
  std::uint32_t tests = expected.verify_flags | kRpmVerifyLinkTarget;
  // Links have no mode of their own, and other files no target.
  tests &= S_ISLNK(mode) ? ~kRpmVerifyMode : ~kRpmVerifyLinkTarget;
  if (!S_ISREG(mode)) tests &= ~(kContentTests | kRpmVerifyCapabilities);
  if ((expected.flags & kRpmGhost) != 0) {
    tests &= ~(kContentTests | kRpmVerifyLinkTarget);
  }
  return tests;
}

std::string MarksOf(const RpmFileMetadata& expected, const FoundFile& found,
                    const Owners& owners) {
  const struct stat& info = Subject(expected, found, owners);
  const std::uint32_t tests = TestsOf(expected, info.st_mode);
  std::string marks = kNoMarks;
  const auto test = [&](std::size_t place, RpmVerifyFlag flag, auto&& mark) {
    if ((tests & flag) != 0) marks[place] = mark();
  };
  const auto letter = [](bool differs, char which) {
    return differs ? which : '.';
  };
  test(0, kRpmVerifySize,
       [&] { return letter(SizeDiffers(expected, info), 'S'); });
  test(1, kRpmVerifyMode,
       [&] { return letter(ModeDiffers(expected, info), 'M'); });
  test(2, kRpmVerifyDigest, [&] { return DigestMark(expected, found); });
  test(3, kRpmVerifyRdev,
       [&] { return letter(DeviceDiffers(expected, info), 'D'); });
  test(4, kRpmVerifyLinkTarget, [&] { return LinkMark(expected, found); });
  test(5, kRpmVerifyUser, [&] {
    return letter(!owners.users.Match(expected.user, info.st_uid), 'U');
  });
  test(6, kRpmVerifyGroup, [&] {
    return letter(!owners.groups.Match(expected.group, info.st_gid), 'G');
  });
  test(kMtimeMark, kRpmVerifyMtime, [&] {
    return letter(std::int64_t{info.st_mtime} != expected.mtime_s, 'T');
  });
  test(8, kRpmVerifyCapabilities,
       [&] { return CapabilityMark(expected, found); });
  return marks;
}

char AttributeLetter(std::uint32_t flags) {
  constexpr std::array<std::pair<RpmFileFlag, char>, 9> kLetters = {
      {{kRpmDoc, 'd'},
       {kRpmConfig, 'c'},
       {kRpmSpecFile, 's'},
       {kRpmMissingOk, 'm'},
       {kRpmNoReplace, 'n'},
       {kRpmGhost, 'g'},
       {kRpmLicense, 'l'},
       {kRpmReadme, 'r'},
       {kRpmArtifact, 'a'}}};
  for (const auto& [flag, letter] : kLetters) {
    if ((flags & flag) != 0) return letter;
  }
  return ' ';
}

}  // namespace assayfs
