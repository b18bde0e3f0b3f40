// SPDX-License-Identifier: Apache-2.0
// OpenFile: one open of a regular file.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "appraise/verdict_cache.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "crypto/block_tags.h"
#include "fs/inode_table.h"

namespace assayfs {

// Marks a file as being written, for opens and for the appraiser.
struct ChangeGuard {
  WritingMark mark;
  WriterGuard guard;  // goes first: who waits for the mark finds neither
};

// Holds what an open needs for as long as it lasts: the lower descriptor, the
// tags that reads are checked against, and the marks of a writer or a program.
//
// Threads: safe.
class OpenFile {
 public:
  // What every open holds. way: from the open state of lower.
  struct Base {
    const LowerRef& lower;
    UniqueFd fd;
    DataWay way = {};
  };
  // A judged open for reading. base.fd: the descriptor that was judged.
  // executing: null if it is not for execution.
  static std::unique_ptr<OpenFile> Judged(Base base, JudgedContent content,
                                          ExecutionMark executing);
  // A judged open that the kernel reads by itself.
  static std::unique_ptr<OpenFile> PassedThrough(Base base,
                                                 ExecutionMark executing);
  // An open for reading that was not judged.
  static std::unique_ptr<OpenFile> Plain(Base base);
  // An open for writing.
  static std::unique_ptr<OpenFile> Writing(Base base, ChangeGuard change);
  ~OpenFile();

  // Says whether the pages kept from earlier opens are still good.
  bool keeps_pages() const { return keeps_pages_; }
  // The number of the file that the kernel reads and writes instead of asking
  // us; 0 if it asks.
  std::uint32_t backing_id() const {
    return way_.backing ? way_.backing->id() : 0;
  }
  // The size of the content that what is read now is checked against; nothing
  // if it is not checked.
  std::optional<std::uint64_t> verified_bytes() const;
  bool verified() const { return verified_bytes().has_value(); }
  int fd() const { return fd_.get(); }  // borrowed

  struct Mismatch {
    std::uint64_t content_id = 0;  // of the content that was judged
    std::uint64_t offset = 0;      // where the block begins
  };
  // Reads as described in verified_read.h. mismatch is set, and EIO returned,
  // if a block is not what was judged, for this handle or, while this one was
  // not judged, for another that shares the kernel's pages with it.
  // Also EIO if other content of the file was judged since: the pages, and the
  // end of the file, are of that now; and if what is read for the kernel's
  // cache shows that the kernel takes the file for a longer one.
  enum class ReadFor { kCache, kCaller };
  Result<Bytes> Read(std::uint64_t offset, std::size_t size, ReadFor whom,
                     ByteVector& buffer,
                     std::optional<Mismatch>& mismatch) const;

  // Writes at offset, or at the end of the file with kAppend. Returns how many
  // bytes were written, fewer than given only if an error came after them.
  // Errors: those of pwritev2(2).
  enum class Place { kOffset, kAppend };
  Result<std::size_t> Write(Bytes bytes, std::uint64_t offset, Place place);

  // A descriptor of this open was closed. Errors: those of close(2), such as
  // EDQUOT or EIO, that a file system keeps until then.
  Result<void> Flush();

  // To be called before any use that changes the file.
  void AboutToChange();

  // Errors: those of the system calls.
  enum class Extent { kData, kAll };
  Result<void> Sync(Extent extent) const;
  Result<void> Allocate(int mode, off_t offset, off_t length);
  Result<off_t> Seek(off_t offset, int whence) const;

 private:
  explicit OpenFile(Base base)
      : state_(base.lower.open_state()),
        way_(std::move(base.way)),
        fd_(std::move(base.fd)) {}

  std::shared_ptr<OpenState> state_;  // outlives the marks
  DataWay way_;
  std::optional<JudgedContent> content_;  // if judged
  bool plain_ = false;
  bool keeps_pages_ = false;
  std::atomic<bool> flushed_ = false;
  ExecutionMark executing_;
  std::optional<ChangeGuard> change_;  // for writing
  UniqueFd fd_;
};

// Copies between two open files in the kernel. Returns how much was copied.
// Errors: EOPNOTSUPP if what is read must be checked, those of
// copy_file_range(2).
Result<std::size_t> CopyRange(const OpenFile& from, off_t from_offset,
                              OpenFile& to, off_t to_offset, std::size_t length,
                              unsigned flags);

}  // namespace assayfs
