// SPDX-License-Identifier: Apache-2.0
// LogFile: the file of a measurement log, shared by several processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "tpm/ima_log.h"

namespace assayfs {

// Reads records that others append, and appends its own.
//
// The file is only ever appended to. A process killed while it appended leaves
// a torn record at the end, which the next one cuts off.
// Threads: one object, one thread. Everything but Open needs the lock.
class LogFile {
 public:
  // Largest log that is read; a record takes about 150 bytes.
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

  // Opens or creates (mode 0600) the log. The folder must exist.
  // Errors: EINVAL if it is not a regular file, ELOOP for a symbolic link,
  // those of open(2).
  static Result<LogFile> Open(const std::string& path);

  // Holds the lock that processes share, until destroyed.
  class Lock {
   public:
    Lock(Lock&& other) noexcept;
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    friend class LogFile;
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
  };
  // Waits for the lock; it must not outlive this object.
  // Errors: those of flock(2).
  Result<Lock> Acquire();

  // Returns the whole records after those read or appended before.
  // Errors: EBADMSG if they are not records or the file became shorter, EFBIG
  // over kMaxBytes, those of pread(2).
  Result<std::vector<ImaRecord>> ReadOn();

  // Says whether ReadOn found the beginning of one more record.
  bool torn() const { return torn_; }
  // Cuts that beginning off. Errors: those of ftruncate(2).
  Result<void> CutTorn();

  // Appends a record and waits until it is on the disk. Call it only right
  // after ReadOn, with nothing torn. If it fails, the file is as before.
  // Errors: those of write(2) and fdatasync(2).
  Result<void> Append(const ImaRecord& record);

 private:
  LogFile(UniqueFd fd, std::string path);
  Error Failed() const;

  UniqueFd fd_;
  std::string path_;
  std::uint64_t end_ = 0;  // of the whole records read or appended
  bool torn_ = false;
};

}  // namespace assayfs
