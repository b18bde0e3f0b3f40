// SPDX-License-Identifier: Apache-2.0
// MountTable: what /proc/PID/mountinfo says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// The type of our mounts, as mountinfo shows it.
inline constexpr std::string_view kMountType = "fuse.assayfs";

struct MountEntry {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::string device;  // "MAJOR:MINOR"
  std::string root;    // which part of the file system is shown, "/" if all
  std::string mount_point;  // absolute
  std::string type;         // "fuse.assayfs"
  std::string source;
};

// In the order of the kernel: of two on the same mount point, the later one is
// on top.
using MountTable = std::vector<MountEntry>;

// Reads mountinfo text, with its \040 escapes undone. Lines that are not in
// the format of proc(5) are left out. Threads: pure function.
MountTable ParseMountTable(std::string_view text);

// Reads it from a descriptor of a mountinfo file, from its beginning. The file
// speaks of the mount namespace its process was in when it was opened.
// Errors: those of pread(2).
Result<MountTable> ReadMountTable(int mountinfo_fd);

// The mount namespace of the caller. Errors: those of open(2).
Result<MountTable> ReadOwnMountTable();

// The topmost mount at exactly this mount point; null if there is none.
const MountEntry* FindMountPoint(const MountTable& table,
                                 std::string_view path);

// The mount that an absolute path without links lies on; null only for an
// empty table.
const MountEntry* FindMountOf(const MountTable& table, std::string_view path);

// Says whether path is folder or below it; both absolute.
bool IsWithin(std::string_view folder, std::string_view path);

// Takes folder off the front of path: ("/usr", "/usr/bin") is "/bin", and
// equal paths give "/". path must be folder or below it.
std::string PathBelow(std::string_view folder, std::string_view path);

}  // namespace assayfs
