// SPDX-License-Identifier: Apache-2.0
// FileMeasurer: measures single files without making their opens wait.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>

#include "assayfs/measurer.h"
#include "crypto/digest.h"

namespace assayfs {

// Hands files to a Measurer on a thread of its own, each PCR, path and digest
// once, and each violation of a path once. What was lost is tried again at its
// next use.
//
// Threads: safe. The destructor measures what is queued, then ends.
class FileMeasurer {
 public:
  // measurer: borrowed.
  explicit FileMeasurer(Measurer& measurer);
  ~FileMeasurer();

  // Queues a record; does not block. pcr: see Measurer. sha256: of the file;
  // nothing if nobody can tell, which is a violation.
  void Add(std::optional<std::uint32_t> pcr, std::string path,
           std::optional<Digest> sha256);

  // How often a file was not measured: the queue was full, or the Measurer
  // failed.
  std::uint64_t lost() const { return lost_; }

 private:
  void Run();

  Measurer& measurer_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::mutex mutex_;  // guards what follows but the thread
  std::condition_variable changed_;
  struct Record {
    std::optional<std::uint32_t> pcr;
    std::string path;
    std::optional<Digest> sha256;

    std::string Key() const;
  };
  std::deque<Record> queue_;
  std::unordered_set<std::string> seen_;  // keys of records
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace assayfs
