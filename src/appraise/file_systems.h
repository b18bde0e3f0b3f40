// SPDX-License-Identifier: Apache-2.0
// FileSystems: what kind of file system a file is on.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/result.h"

namespace assayfs {

struct FileSystem {
  std::uint32_t magic = 0;  // as statfs(2) has it
  // The name of its driver, such as "ext4", and what a FUSE file system has
  // behind "fuse."; both as /proc/self/mountinfo has them. Nothing if it is not
  // there.
  std::optional<std::string> name = {};
  std::optional<std::string> subtype = {};
  // In lower-case digits, with "-". Nothing where the kernel does not tell: it
  // does since Linux 6.9, of file systems that have one.
  std::optional<std::string> uuid = {};
};

// Remembers what it found. Threads: safe.
class FileSystems {
 public:
  // fd: of a file; borrowed. By an O_PATH one the UUID is told only if it was
  // found out before. Errors: those of fstatfs(2)
  // and fstat(2).
  Result<FileSystem> Of(int fd) const;

 private:
  // A number of a device may come to stand for another file system, which has
  // another id or magic.
  using Key = std::pair<dev_t, std::pair<std::uint64_t, std::uint32_t>>;
  mutable Guarded<std::map<Key, FileSystem>> known_;
};

}  // namespace assayfs
