// SPDX-License-Identifier: Apache-2.0
// StopRequest: signals that ask a process to stop, heeded between two steps.
#pragma once

#include <csignal>
#include <vector>

#include "base/result.h"

namespace assayfs {

// As long as it lives, the first SIGINT, SIGTERM and SIGHUP of each kind is
// taken note of and does nothing else, so that all that was made can be
// removed; a second one does what it did before. One that is ignored stays so.
// Threads: one object in a process at a time.
class StopRequest {
 public:
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  // The number of the signal that came last; 0: none.
  static int Signal();
  // Errors: EINTR if one came.
  static Result<void> Check();

 private:
  struct Before {
    int number;
    struct sigaction action;
  };
  std::vector<Before> before_;
};

}  // namespace assayfs
