// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and writing on descriptors.
#pragma once

#include <cstddef>
#include <string>

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

// Reads the whole regular file behind fd, from offset 0, whatever its position.
// Errors: EFBIG if it is larger than max_bytes (nothing is then kept in
// memory), EINVAL if it is not a regular file, those of pread(2).
Result<ByteVector> ReadWholeFile(int fd, std::size_t max_bytes);

// OpenForReading, then ReadWholeFile.
Result<ByteVector> ReadFileAt(int dir_fd, const std::string& name,
                              std::size_t max_bytes,
                              Links links = Links::kFollow);

// Writes all bytes at the file position of fd.
// Errors: those of write(2); part of the bytes may then have been written.
Result<void> WriteAll(int fd, Bytes bytes);

// Replaces the file name in dir_fd by bytes, all or nothing: writes ".NAME.new"
// beside it, syncs it and renames it over. mode: permission bits of the file.
// Errors: those of openat(2), write(2), fsync(2) and renameat(2).
Result<void> ReplaceFileAt(int dir_fd, const std::string& name, Bytes bytes,
                           unsigned mode);

}  // namespace assayfs
