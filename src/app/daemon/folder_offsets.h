// SPDX-License-Identifier: Apache-2.0
// Whether offsets in the folders of a tree last.
#pragma once

#include <string_view>

#include "app/settings/mount_table.h"

namespace assayfs {

// Says whether, on every file system that is mounted in a tree now, an offset
// in a folder leads to the same place after the folder was closed and opened
// again, whatever came and went meanwhile; and whether a listing that goes on
// so ends, although names are changed as they are listed. tree: absolute.
// Threads: pure function.
bool OffsetsLast(const MountTable& table, std::string_view tree);

}  // namespace assayfs
