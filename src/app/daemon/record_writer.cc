// SPDX-License-Identifier: Apache-2.0
// RecordWriter: takes lines without ever blocking, writes them on a thread.
#include "app/daemon/record_writer.h"

#include <utility>

namespace assayfs {

RecordWriter::RecordWriter(std::function<void(const std::string&)> write,
                           std::size_t max_waiting)
    : write_(std::move(write)),
      max_waiting_(max_waiting),
      thread_([this] { Run(); }) {}

RecordWriter::~RecordWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool RecordWriter::Add(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting_) {
      ++lost_;
      return false;
    }
    waiting_.push_back(std::move(line));
  }
  changed_.notify_one();
  return true;
}

std::uint64_t RecordWriter::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void RecordWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string line = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    write_(line);
    lock.lock();
  }
}

}  // namespace assayfs
