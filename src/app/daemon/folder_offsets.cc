// SPDX-License-Identifier: Apache-2.0
// Whether offsets in the folders of a tree last.
#include "app/daemon/folder_offsets.h"

#include <algorithm>
#include <array>

namespace assayfs {
namespace {

// Their offsets are hashes of names (ext4, f2fs), or places in the folder that
// stay (XFS). Not so: overlayfs counts names; tmpfs and btrfs number them, and
// an open folder ends with the last number that there was when it was opened.
bool OffsetsLastOn(std::string_view type) {
  constexpr std::array<std::string_view, 3> kTypes = {"ext4", "f2fs", "xfs"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

}  // namespace

bool OffsetsLast(const MountTable& table, std::string_view tree) {
  const MountEntry* const own = FindMountOf(table, tree);
  return own != nullptr && OffsetsLastOn(own->type) &&
         std::ranges::all_of(table, [tree](const MountEntry& entry) {
           return entry.mount_point == tree ||
                  !IsWithin(tree, entry.mount_point) ||
                  OffsetsLastOn(entry.type);
         });
}

}  // namespace assayfs
