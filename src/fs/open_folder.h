// SPDX-License-Identifier: Apache-2.0
// OpenFolder: one open of a folder, for listing it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "fs/inode_table.h"

namespace assayfs {

// Threads: safe; calls take turns.
class OpenFolder {
 public:
  // flags: as for open(2); only O_NOATIME counts. Errors: those of open(2).
  static Result<std::unique_ptr<OpenFolder>> Open(const LowerRef& folder,
                                                  int flags);

  struct Item {
    std::string name;  // "." and ".." too
    ino_t inode = 0;
    mode_t type = 0;        // the S_IFMT bits; 0 if the folder does not tell
    off_t next_offset = 0;  // where the item after this one is found
  };
  // Returns up to count items from offset on, 0 for the first; fewer only if
  // the folder ends there, or another call is needed; none at its end.
  // Errors: those of getdents64(2).
  Result<std::vector<Item>> List(off_t offset, std::size_t count);

  // Errors: those of fsync(2).
  Result<void> Sync() const;

  const LowerRef& folder() const { return folder_; }
  int fd() const { return folder_.fd(); }  // open for reading; borrowed

 private:
  explicit OpenFolder(LowerRef folder) : folder_(std::move(folder)) {}
  Result<void> Fill(off_t offset);

  LowerRef folder_;
  std::mutex mutex_;
  std::vector<Item> batch_;  // what getdents64 gave last
  off_t batch_start_ = 0;    // the offset that it was asked for
  off_t position_ = 0;       // where the descriptor stands
};

}  // namespace assayfs
