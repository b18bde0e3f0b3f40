// SPDX-License-Identifier: Apache-2.0
// Where control sockets and logs are, if nobody says otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Returns the path escaped as `systemd-escape --path` does it: "/usr/lib" is
// "usr-lib", "/" is "-", and what is not a letter, a digit, ":", "_" or "." is
// \xNN. Threads: pure function.
std::string EscapePath(std::string_view path);

// Returns the name of the control socket of a mount point below folder: the
// escaped mount point and ".sock". Where that is too long for a socket address
// it is cut, and ends with a number made of the whole.
std::string ControlPath(std::string_view folder, std::string_view mount_point);

// Returns a folder for sockets and logs that this process can write to,
// created if missing: /run/assayfs, else $XDG_RUNTIME_DIR/assayfs, else
// /tmp/assayfs-UID, which must then belong to this user alone.
// Errors: EACCES if none of them can be had, and what to do.
Result<std::string> MakeRuntimeFolder();

// The folders above in this order, for those who look for a socket.
std::vector<std::string> RuntimeFolders();

}  // namespace assayfs
