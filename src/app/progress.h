// SPDX-License-Identifier: Apache-2.0
// Progress: how far long work has come, for who waits at a terminal.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

namespace assayfs {

// Keeps one line on the standard error stream, and prints nothing where that
// is no terminal. Threads: safe.
class Progress {
 public:
  // done: what happens to files, such as "hashed".
  explicit Progress(std::string done) : done_(std::move(done)) {}

  // Shows "N files DONE", though not for each N.
  void Show(std::size_t files);
  // Takes the line away, so that others can print.
  void Clear();

 private:
  const std::string done_;
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::atomic<bool> shown_ = false;
};

}  // namespace assayfs
