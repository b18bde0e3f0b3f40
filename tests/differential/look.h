// SPDX-License-Identifier: Apache-2.0
// All that can be seen of a tree, as text.
#pragma once

#include <string>
#include <vector>

#include "words.h"

namespace assayfs::differential {

// Returns names and values of the extended attributes of path, sorted; those
// of a symbolic link itself.
std::string Xattrs(const std::string& path);

// Returns one line for each file below folder: attributes, identity among hard
// links, extended attributes, target or content, type in its listing.
std::vector<std::string> LookAtTree(const std::string& folder, Blocks blocks);

}  // namespace assayfs::differential
