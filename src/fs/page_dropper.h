// SPDX-License-Identifier: Apache-2.0
// PageDropper: takes pages away from the kernel, on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "appraise/stamp.h"

namespace assayfs {

// The kernel waits with dropping a page until a request that reads it has been
// answered, so no thread that answers requests may wait for that.
//
// Threads: safe.
class PageDropper {
 public:
  // drop: called for one file after the other; may block.
  explicit PageDropper(std::function<void(FileId)> drop);
  PageDropper(const PageDropper&) = delete;
  PageDropper& operator=(const PageDropper&) = delete;
  ~PageDropper() { Stop(); }

  // Leaves undone what was not begun, and waits for what was. Threads: one at a
  // time.
  void Stop();

  // Drops the pages of a file soon. Does not block.
  void Add(FileId id);

 private:
  void Run();

  const std::function<void(FileId)> drop_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::unordered_set<FileId, FileIdHash> waiting_;
  bool stopping_ = false;
  std::thread thread_;  // last
};

}  // namespace assayfs
