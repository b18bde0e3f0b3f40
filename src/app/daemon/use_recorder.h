// SPDX-License-Identifier: Apache-2.0
// UseRecorder: writes what a mount is asked into a file, each use once.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "app/daemon/record_writer.h"
#include "appraise/appraiser.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// What may make it lose uses is told, and never stops anybody: a writer that
// cannot keep up, a file that cannot be written to, one that is full.
// Threads: Add and counters may be called by any thread; neither ever blocks.
class UseRecorder {
 public:
  struct Options {
    std::string path;
    // Of the file. A device or FIFO has no limit.
    std::uint64_t max_bytes = std::uint64_t{64} << 20;
    std::size_t max_waiting = 4096;  // uses that wait to be written
    // Told once that the file cannot be written to, and once that it is full:
    // a line for people. On a thread of this object; may block.
    std::function<void(const std::string&)> tell;
  };
  // Opens the file, or makes it. It becomes one for its owner alone. What is in
  // it stays, and is not written again. It may also be a device or a FIFO,
  // which stay as they are. Errors: those of open(2), with the path as context;
  // ELOOP for a symbolic link; EEXIST for a file that does not begin with a
  // use; EPERM for one of somebody else; EBUSY for one that another recorder
  // has. Such a file is left as it is.
  static Result<std::unique_ptr<UseRecorder>> Open(Options options);
  // Writes what waits.
  ~UseRecorder() = default;
  UseRecorder(const UseRecorder&) = delete;
  UseRecorder& operator=(const UseRecorder&) = delete;

  // Leaves out files that have no name in the tree any more.
  void Add(const AskedUse& asked);

  struct Counters {
    std::uint64_t uses = 0;  // in the file, also those from before
    std::uint64_t lost = 0;  // each time that one was not written
  };
  Counters counters() const;
  const std::string& path() const { return options_.path; }

 private:
  UseRecorder(Options options, UniqueFd fd);
  Result<void> TakeOver();
  Result<void> ReadKnown();
  void Write(const std::string& line);
  void Lose(const std::string& line);
  void TellOnce(bool& told, const std::string& why);

  const Options options_;
  const UniqueFd fd_;
  // Beginnings of the SHA-256 of lines that are written, or wait to be. As many
  // as fit into the file and the queue.
  Guarded<std::unordered_set<std::uint64_t>> known_;
  std::atomic<std::uint64_t> uses_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  // Of the thread that writes.
  bool is_file_ = false;
  std::uint64_t bytes_ = 0;  // in the file
  bool torn_ = false;        // the last line there has no end
  bool told_failed_ = false;
  bool told_full_ = false;
  std::unique_ptr<RecordWriter> writer_;  // last: it uses all of the above
};

}  // namespace assayfs
