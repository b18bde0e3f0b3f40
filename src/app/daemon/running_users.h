// SPDX-License-Identifier: Apache-2.0
// Which processes use files of a mount.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace assayfs {

struct RunningUser {
  pid_t pid = 0;
  std::string command;  // as in ps(1), any bytes
  std::string path;     // of the file it uses, as it sees it; any bytes
};

// Returns the processes that have one of the files open or mapped, programs
// that run among them. Each process is named once for each file. Processes that
// this user may not look into are left out. Reads only what the kernel keeps in
// memory of them, so it asks nothing of the mount itself.
// device: of the mount, "MAJOR:MINOR" in decimal digits.
// Threads: safe.
std::vector<RunningUser> FindRunningUsers(const std::string& device,
                                          const std::set<ino_t>& inodes);

}  // namespace assayfs
