// SPDX-License-Identifier: Apache-2.0
// From what a user names to the mounts that are meant.
#include "app/settings/find_mounts.h"

#include <algorithm>
#include <filesystem>

#include "app/settings/mount_table.h"

namespace assayfs {

Result<std::vector<std::string>> FindMounts(const std::string& mount_point) {
  const auto table = ReadOwnMountTable();
  if (!table) return Fail(table.error());
  std::vector<std::string> found;
  if (mount_point.empty()) {
    for (const MountEntry& entry : *table) {
      // During an update there are two at one place, of one daemon.
      if (entry.type == kMountType &&
          !std::ranges::count(found, entry.mount_point)) {
        found.push_back(entry.mount_point);
      }
    }
    return found;
  }
  std::error_code error;
  auto path = std::filesystem::canonical(mount_point, error);
  if (error) {
    // Of a dead mount nothing can be asked, not even what it is.
    path = std::filesystem::absolute(mount_point, error).lexically_normal();
  }
  const MountEntry* entry = FindMountPoint(*table, path.string());
  if (entry == nullptr || entry->type != kMountType) {
    return Fail(ENOENT, mount_point +
                            ": not an assayfs mount; `assayfs status` shows "
                            "those there are");
  }
  found.push_back(entry->mount_point);
  return found;
}

Result<JudgedFile> FindJudgedFile(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return Fail(error.value(), path + ": " + error.message());
  const auto table = ReadOwnMountTable();
  if (!table) return Fail(table.error());
  const MountEntry* entry = FindMountOf(*table, real.string());
  if (entry == nullptr || entry->type != kMountType) {
    return Fail(ENOENT,
                real.string() + ": not on an assayfs mount, nothing judges it");
  }
  JudgedFile file;
  file.path = real.string();
  file.below = PathBelow(entry->mount_point, file.path);
  if (entry->root != "/") {
    file.below = file.below == "/" ? entry->root : entry->root + file.below;
  }
  // A bind mount has the socket of the mount that it shows a part of.
  const auto first = std::ranges::find_if(*table, [&](const auto& other) {
    return other.device == entry->device && other.root == "/";
  });
  file.mount_point =
      first == table->end() ? entry->mount_point : first->mount_point;
  return file;
}

}  // namespace assayfs
