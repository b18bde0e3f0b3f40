// SPDX-License-Identifier: Apache-2.0
// A process that uses a file of a mount, as a step of a scenario says.
#pragma once

#include <sys/types.h>

#include <string>

#include "app/scenario/scenario.h"
#include "base/result.h"
#include "policy/match.h"

namespace assayfs {

// Who uses a file.
struct Asker {
  uid_t uid = 0;
  gid_t gid = 0;
  uid_t euid = 0;
  gid_t egid = 0;
  std::string exe;        // path of its program; "": that of this process
  std::string container;  // id of its container; "": that of this process
};
Asker AskerOf(const Step& step);

// What became of a use.
struct UseOutcome {
  int code = 0;  // 0: the file could be used
  // The file system denied what the kernel would permit; else the code is the
  // kernel's own.
  bool denied = false;
};

// Has a child use a file: opens it, and reads a byte if it reads; or executes
// it up to, and without, the first instruction. Nothing is written. root_fd:
// the folder that the child takes for its root; borrowed.
// Errors: EINVAL for a program and anything but reading; those of PutStandIn
// and ContainerGroup; EPERM without the right to become others; ETIMEDOUT; EIO
// if the child ends otherwise.
Result<UseOutcome> UseFile(const Asker& asker, int root_fd,
                           const std::string& path, Mask mask);

}  // namespace assayfs
