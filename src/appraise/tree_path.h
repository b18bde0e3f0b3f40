// SPDX-License-Identifier: Apache-2.0
// Paths of open files, as seen from the root of the tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assayfs {

// Returns the path of fd below root_fd, beginning with "/"; the path that the
// kernel gives if fd is not below it (a removed file has " (deleted)" behind
// its name), "?" if there is none. For records and hints only: it may be out
// of date the next moment. Both are borrowed. Needs /proc.
std::string TreePath(int root_fd, int fd);

// Returns the path of fd in the tree and, where that is another, on the system
// (the tree may be /usr itself). Empty unless that is what the file is called
// now, and all that it is called: so of a file that was removed, that has
// several hard links, or whose path is longer than the kernel can tell.
std::vector<std::string> TreeSpellings(int root_fd, int fd);

// Returns the spellings under which a list may name the file: its path in the
// tree, its path on the system, and each of them without a leading /usr,
// because packages of merged-/usr systems still ship /bin/NAME and /lib/NAME.
std::vector<std::string> ListedSpellings(int root_fd, int fd);

// The same, of a file that is known by its paths only: in the tree and, where
// that is another, on the system. Threads: pure function.
std::vector<std::string> ListedSpellings(std::vector<std::string> paths);

// Says whether the path of a list leads to the file behind fd: seen from the
// root of the tree or, where the tree is but a part of a system, from "/"; the
// /usr of another system is seen as /usr, too. Folders on the way may be
// symbolic links, which never lead out of the tree; the file may not. So each
// hard link is a path of its file. Looks at the tree as it is now.
bool LeadsTo(int root_fd, std::string_view listed, int fd);

}  // namespace assayfs
