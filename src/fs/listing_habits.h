// SPDX-License-Identifier: Apache-2.0
// ListingHabits: who lists folders to look at the files in them.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "base/guarded.h"

namespace assayfs {

// Attributes told with the names of a folder save whoever looks at each file
// (ls -l) a request for each, and cost whoever wants names only (find) the
// reading of every inode. Which one a process is shows when it gets a name
// without them: does it look it up?
//
// Remembers the processes that listed last. What it says is a matter of speed.
// Threads: safe.
class ListingHabits {
 public:
  // Says whether a process should get attributes with the next name. So as not
  // to be wrong for ever, that is no for a name now and then.
  bool WantsAttributes(pid_t pid);

  // A process looked up a name.
  void LookedUp(pid_t pid);

 private:
  struct Habit {
    pid_t pid = 0;
    std::uint32_t names = 0;      // without attributes
    std::uint32_t looked_up = 0;  // not only of those
    std::uint32_t turn = 0;
  };
  static constexpr std::size_t kProcesses = 64;
  Guarded<std::array<Habit, kProcesses>> habits_;
};

}  // namespace assayfs
