// SPDX-License-Identifier: Apache-2.0
// What stands in a tree and belongs to no package.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

struct UnownedFiles {
  std::vector<std::string> paths;  // with a "/" in front, sorted by bytes
  // Folders that were not looked into, and why.
  std::vector<std::pair<std::string, std::string>> left_out;
  bool complete = true;  // false: one of them could not be read
};

// Walks the tree and returns every name, of folders as well, that no package
// owns under this name; a package may have called its folder by way of a link
// (/bin for /usr/bin). File systems that are mounted in the tree are left out,
// and so are folders whose path is too long for the system.
// root_fd: the tree, borrowed; no link in it is followed.
// Errors: those of openat2(2) and getdents64(2) for the tree itself.
Result<UnownedFiles> FindUnowned(int root_fd,
                                 const std::vector<RpmPackageFiles>& packages);

}  // namespace assayfs
