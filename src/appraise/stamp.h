// SPDX-License-Identifier: Apache-2.0
// Stamp: how a change of a lower file is noticed.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/file_handle.h"
#include "base/result.h"

namespace assayfs {

// Names a lower file. With a generation, no other file ever has the same name;
// without one, no other has it for as long as something refers to the file.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  // Of the file handle, whose bytes differ when an inode is used again; 0 where
  // the file system gives no handles.
  std::uint64_t generation = 0;

  friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileIdHash {
  std::size_t operator()(const FileId& id) const noexcept {
    return std::hash<std::uint64_t>{}(
        (id.inode + id.generation) * 0x9e3779b97f4a7c15U ^ id.device);
  }
};

// What moves whenever content does. mtime alone would not do: anyone who owns
// the file can set it back. No one can set ctime.
struct Stamp {
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// info: what fstat(2) says of the file; handle: of that file, if it has one.
FileId IdOf(const struct stat& info, const std::optional<FileHandle>& handle);
Stamp StampOf(const struct stat& info);

// Returns what fstat(2) says of the file behind fd. Errors: those of fstat(2).
struct IdAndStamp {
  FileId id;
  Stamp stamp;
  bool regular = false;
};
Result<IdAndStamp> StampFile(int fd);

}  // namespace assayfs
