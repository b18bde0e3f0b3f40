// SPDX-License-Identifier: Apache-2.0
// SoftwareTpm: a TPM of its own, by swtpm(8).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace assayfs {

// Runs swtpm as a child, on sockets in a folder. All PCRs that can be extended
// start as zeros. It serves one connection at a time, and ends with this
// process. Threads: one at a time.
class SoftwareTpm {
 public:
  // Says whether the program is installed.
  static bool Available();

  // Starts one and returns when it answers. folder: empty, stays as it is left.
  // Errors: ENOENT if swtpm is not installed, EIO if it ends at once, ETIMEDOUT
  // if it does not answer; those of fork(2).
  static Result<std::unique_ptr<SoftwareTpm>> Start(const std::string& folder);
  SoftwareTpm(const SoftwareTpm&) = delete;
  SoftwareTpm& operator=(const SoftwareTpm&) = delete;
  ~SoftwareTpm();

  // The TCTI configuration that reaches it.
  std::string tcti() const { return "swtpm:path=" + socket_; }

 private:
  SoftwareTpm(std::string socket, pid_t child)
      : socket_(std::move(socket)), child_(child) {}

  const std::string socket_;
  pid_t child_;  // 0: it has ended
};

}  // namespace assayfs
