// SPDX-License-Identifier: Apache-2.0
// From what a user names to the mounts that are meant.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Returns the mount points that `status` and `reload` are about: the one
// named, or all of ours if mount_point is empty. A dead mount counts.
// Errors: ENOENT, naming mount_point, if it is not one of ours.
Result<std::vector<std::string>> FindMounts(const std::string& mount_point);

// A file on one of our mounts.
struct JudgedFile {
  std::string path;         // absolute, without links
  std::string below;        // the same, seen from the root of the tree
  std::string mount_point;  // of its daemon, for finding the control socket
};

// Errors: those of realpath(3); ENOENT if path is not on a mount of ours.
Result<JudgedFile> FindJudgedFile(const std::string& path);

}  // namespace assayfs
