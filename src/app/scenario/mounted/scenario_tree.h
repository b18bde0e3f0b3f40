// SPDX-License-Identifier: Apache-2.0
// The tree of a scenario as files, and what is done to it.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "app/scenario/scenario.h"
#include "base/result.h"

namespace assayfs {

// root_fd: the folder that paths begin at and that is never left; O_PATH will
// do; borrowed. Links on the way are refused.
// Errors: ENOENT, ELOOP and the like, those of the system call, with the path;
// EINVAL for the root itself.

// Makes entries, and folders above them, by their paths. Errors also: EEXIST.
Result<void> MakeTree(int root_fd,
                      const std::map<std::string, TreeEntry>& tree);

// Replaces the content of a file. One that is not there comes into being, with
// mode 0644.
Result<void> WriteTreeFile(int root_fd, const std::string& path,
                           const std::string& content);

Result<void> RenameInTree(int root_fd, const std::string& from,
                          const std::string& to);
// Removes a file, a link or an empty folder.
Result<void> RemoveFromTree(int root_fd, const std::string& path);
Result<void> SetTreeOwner(int root_fd, const std::string& path, uid_t owner);

}  // namespace assayfs
