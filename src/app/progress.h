// SPDX-License-Identifier: Apache-2.0
// Progress: how far a verb is that goes through many files.
#pragma once

#include <cstddef>

namespace assayfs {

// Shows "1,024 files hashed" in the last line of a terminal. Where stderr is
// none, nothing is shown.
//
// Threads: one object, one thread.
class Progress {
 public:
  Progress();
  // Shows the number now and then.
  void Show(std::size_t files);
  // Takes the line away, so that others can print.
  void Clear();

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace assayfs
