// SPDX-License-Identifier: Apache-2.0
// Reads that are judged one by one, of files that nobody opened through us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "appraise/appraiser.h"
#include "base/bytes.h"
#include "base/result.h"
#include "fs/inode_table.h"

namespace assayfs {

struct JudgedRead {
  Bytes bytes;  // fewer than asked for only at the end of the file
  // The kernel may keep them: it will be told when they are not good any more
  // (Appraiser::Options::content_fell).
  bool may_stay = false;
  // How long the content is that was judged, if it was.
  std::optional<std::uint64_t> file_bytes;
  UniqueFd fd;  // of the lower file
};

// Judges the file for reading and reads from it. For what, and for whom else,
// is not known, so the policy must not depend on that (DependsOnOpen).
//
// uid: of the one who made the kernel read, for the record. buffer: memory for
// the bytes, enlarged as needed. give_up: as for Appraiser::Judge. Errors:
// EACCES if denied; EINTR if told to give up; EIO, reported, if a block is not
// what was judged; those of open(2) and pread(2). Threads: safe; one buffer,
// one thread.
Result<JudgedRead> ReadAndJudge(Appraiser& appraiser, const LowerRef& file,
                                uid_t uid, std::uint64_t offset,
                                std::size_t size, ByteVector& buffer,
                                const GiveUp& give_up);

}  // namespace assayfs
