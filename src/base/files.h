// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and writing on descriptors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Opens name relative to dir_fd (AT_FDCWD for the working folder) read-only,
// close-on-exec, without blocking on a FIFO and without following a symbolic
// link in the last component if links is kRefuse.
// Errors: those of openat(2), with the name as context.
enum class Links { kFollow, kRefuse };
Result<UniqueFd> OpenForReading(int dir_fd, const std::string& name,
                                Links links = Links::kFollow);

// Opens path as a process with root_fd as its root would, so that nothing
// outside can be reached, whatever ".." and links say. The last component is
// not followed if flags hold O_NOFOLLOW; no component may be a link if links is
// kRefuse. root_fd: a folder, O_PATH will do. flags: as for open(2); O_CLOEXEC
// is added.
// Errors: those of openat2(2), with path as context; ELOOP for a link that is
// refused.
Result<UniqueFd> OpenInRoot(int root_fd, const std::string& path, int flags,
                            Links links);

// Reads the whole regular file behind fd, from offset 0, whatever its position.
// Errors: EFBIG if it is larger than max_bytes (nothing is then kept in
// memory), EINVAL if it is not a regular file, those of pread(2).
Result<ByteVector> ReadWholeFile(int fd, std::size_t max_bytes);

// Says whether the file behind fd starts with these bytes, whatever its
// position. False if it cannot be read.
bool StartsWith(int fd, std::string_view bytes);

// OpenForReading, then ReadWholeFile.
Result<ByteVector> ReadFileAt(int dir_fd, const std::string& name,
                              std::size_t max_bytes,
                              Links links = Links::kFollow);

// Returns the names in the folder behind dir_fd, which stays the caller's,
// sorted by bytes; without "." and "..". Its position does not matter.
// Errors: those of openat(2) and readdir(3).
Result<std::vector<std::string>> NamesIn(int dir_fd);

// The same of the folder at path; errors have it as context.
Result<std::vector<std::string>> NamesIn(const std::string& path);

// Writes all bytes at the file position of fd.
// Errors: those of write(2); part of the bytes may then have been written.
Result<void> WriteAll(int fd, Bytes bytes);

// Replaces the file name in dir_fd by bytes, all or nothing: writes ".NAME.new"
// beside it, syncs it and renames it over. mode: permission bits of the file.
// Errors: those of openat(2), write(2), fsync(2) and renameat(2).
Result<void> ReplaceFileAt(int dir_fd, const std::string& name, Bytes bytes,
                           unsigned mode);

}  // namespace assayfs
