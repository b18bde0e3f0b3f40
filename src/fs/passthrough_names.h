// SPDX-License-Identifier: Apache-2.0
// Operations on the names of the lower tree.
//
// A folder is a LowerRef, a name one component without "/"; "." and ".." are
// not expected. A symbolic link of the lower tree is never followed. Each
// function answers the errors of the system call that it is named after.
// Threads: safe.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"
#include "fs/caller.h"
#include "fs/inode_table.h"

namespace assayfs {

// A file as it was just found.
struct Entry {
  LowerRef lower;
  struct stat attributes;
};

// Finds a name and counts one lookup of what it stands for: the caller gives
// it back with InodeTable::Forget, or tells the kernel, which will.
Result<Entry> Lookup(InodeTable& table, const LowerRef& folder,
                     const char* name);

// Make a name. mode holds the bits as the caller gave them: the lower file
// system applies the umask, or the default ACL of the folder.
Result<void> MakeNode(const LowerRef& folder, const char* name, mode_t mode,
                      dev_t device, const Caller& caller);
Result<void> MakeFolder(const LowerRef& folder, const char* name, mode_t mode,
                        const Caller& caller);
Result<void> MakeSymlink(const LowerRef& folder, const char* name,
                         const char* target, const Caller& caller);

// Gives a file, symbolic links included, one more name.
Result<void> MakeLink(const LowerRef& file, const LowerRef& folder,
                      const char* name);

// What loses its last name, also by a rename over it, stays reachable for as
// long as the kernel knows it.
Result<void> RemoveFile(InodeTable& table, const LowerRef& folder,
                        const char* name);
Result<void> RemoveFolder(InodeTable& table, const LowerRef& folder,
                          const char* name);

// flags: as for renameat2(2).
Result<void> Rename(InodeTable& table, const LowerRef& from_folder,
                    const char* from, const LowerRef& to_folder, const char* to,
                    unsigned flags, const Caller& caller);

Result<std::string> ReadSymlink(const LowerRef& link);

}  // namespace assayfs
