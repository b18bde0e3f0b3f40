// SPDX-License-Identifier: Apache-2.0
// RecordWriter: takes lines without ever blocking, writes them on a thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace assayfs {

// Threads: Add and lost may be called by any thread.
class RecordWriter {
 public:
  // write: called for one line at a time, on a thread of this object; may
  // block. max_waiting: lines kept while it does; more are lost and counted.
  explicit RecordWriter(std::function<void(const std::string&)> write,
                        std::size_t max_waiting = 4096);
  // Writes what waits, then ends the thread.
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  // False if the line is lost.
  bool Add(std::string line);
  std::uint64_t lost() const;

 private:
  void Run();

  std::function<void(const std::string&)> write_;
  std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;  // under mutex_, as is what follows
  std::uint64_t lost_ = 0;
  bool ending_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace assayfs
