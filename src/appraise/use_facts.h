// SPDX-License-Identifier: Apache-2.0
// UseFacts: what a policy may ask of a file.
#pragma once

#include <optional>
#include <string>

#include "appraise/digest_index.h"
#include "appraise/file_systems.h"
#include "policy/match.h"

namespace assayfs {

// Finds out, of a use, what a policy needs to know and what is not known yet.
// Threads: safe.
class UseFacts {
 public:
  // root_fd: an O_PATH descriptor of the tree's root; borrowed.
  explicit UseFacts(int root_fd) : root_fd_(root_fd) {}

  // fd: the file; borrowed. What cannot be found out is left out: by an O_PATH
  // one whether it is ELF, and perhaps the UUID of its file system.
  void Find(int fd, const Needs& needs, Use& use) const;

 private:
  int root_fd_;
  FileSystems systems_;
};

// The use of a list, or of another file that this program reads for itself.
Use UseOfOwn(const std::string& path, const std::optional<ListFile>& file);
Use UseOfList(const LoadedList& list);

}  // namespace assayfs
