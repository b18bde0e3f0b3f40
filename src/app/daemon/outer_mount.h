// SPDX-License-Identifier: Apache-2.0
// OuterMount: a mount in the namespace that this process has left.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Lets the daemon live in a mount namespace of its own, in which its tree is
// not covered, while the mount appears in the one it came from.
//
// A child that stays behind makes the mount. Another child, short-lived, goes
// back to remove it. The daemon itself never follows a path through the mount.
// Threads: Unmount and CheckGone from any thread, the rest on one.
class OuterMount {
 public:
  struct Spec {
    std::string source;       // shown as the device
    std::string mount_point;  // absolute, without links
    unsigned long flags = 0;  // MS_* bits
    std::string data;         // for mount(2); names fuse_fd
    int fuse_fd = -1;         // borrowed; the child has a copy until Mount
  };

  // Forks the child and moves this process to a new, private mount namespace,
  // from which other mounts of our type are taken away, unless keep lies on
  // one. REQUIRES: the process has one thread.
  // Errors: EPERM without CAP_SYS_ADMIN, saying what to do; those of fork(2),
  // unshare(2) and open(2).
  static Result<OuterMount> Prepare(Spec spec, const std::string& keep);
  OuterMount(OuterMount&&) = default;
  OuterMount& operator=(OuterMount&&) = default;
  ~OuterMount();

  // Makes the mount and ends the child. Call once.
  // Errors: those of mount(2), naming the mount point.
  Result<void> Mount();

  // The device number of the mount, as "0:45", after Mount; empty if somebody
  // unmounted it at once.
  const std::string& device() const { return device_; }

  // Detaches the mount, if it is still there.
  // Errors: EBUSY if another mount lies over it; those of umount2(2).
  Result<void> Unmount() const;

  // To be called when the connection has ended and nobody asked us to stop.
  // Errors: ECONNABORTED if the mount is still there: somebody aborted it, as
  // `umount -f` does; those of reading mountinfo.
  Result<void> CheckGone() const;

 private:
  OuterMount() = default;
  enum class Place { kGone, kOnTop, kCovered };
  Result<Place> Find() const;

  std::string mount_point_;
  pid_t child_ = -1;  // 0 and below: none
  UniqueFd to_child_;
  UniqueFd namespace_;
  UniqueFd root_;       // of the file system tree, for a daemon in a chroot
  UniqueFd mountinfo_;  // of the namespace left behind
  std::uint64_t mount_id_ = 0;
  std::string device_;
};

}  // namespace assayfs
