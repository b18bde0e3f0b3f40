// SPDX-License-Identifier: Apache-2.0
// FileHandle: the kernel's name for an inode, which outlives descriptors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// A file handle (name_to_handle_at(2)): names an inode of a file system, its
// generation included, so that it never comes to stand for another file.
//
// Threads: a value.
class FileHandle {
 public:
  // Returns the handle of the file behind fd, which may be O_PATH; nothing if
  // its file system gives none that can be opened again. Needs no privilege.
  static std::optional<FileHandle> Of(int fd);

  // Opens the file. mount_fd: a descriptor, not O_PATH, of anything on the
  // same mount. flags: as for open(2).
  // Errors: ESTALE if the file is gone, EPERM without CAP_DAC_READ_SEARCH in
  // the first user namespace, those of open_by_handle_at(2).
  Result<UniqueFd> Open(int mount_fd, int flags) const;

  int mount_id() const { return mount_id_; }  // as in /proc/self/mountinfo
  std::uint64_t hash() const;                 // never 0

  // Equal for descriptors of one file on one mount, and for nothing else.
  friend bool operator==(const FileHandle&, const FileHandle&) = default;

 private:
  FileHandle() = default;

  std::string bytes_;
  int type_ = 0;
  int mount_id_ = 0;
};

}  // namespace assayfs
