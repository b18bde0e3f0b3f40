// SPDX-License-Identifier: Apache-2.0
// LeaseKeeper: read leases on lower files, and the thread that hears of breaks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "appraise/stamp.h"
#include "base/result.h"

namespace assayfs {

// Holds read leases (fcntl F_SETLEASE) on files whose content is remembered,
// so that a writer below the mount is known before it writes.
//
// Uses the signal SIGRTMIN+1, and SIGIO when the queue of signals is full:
// both must be blocked in every thread of the process before Start
// (BlockLeaseSignals, early in main).
// Threads: safe.
class LeaseKeeper {
 public:
  struct Listeners {
    // Called on the keeper's own thread for each file that a writer wants to
    // open, before the lease is given up and the writer goes on.
    std::function<void(FileId)> broken;
    // Called for each file whose lease is about to be given up for another
    // reason, after IsUnbroken began to say no; with no lock held, on the
    // thread of that reason, which it must not block. May be null.
    std::function<void(FileId)> ending;
  };
  // Errors: those of pthread_create(3) as EAGAIN.
  static Result<std::unique_ptr<LeaseKeeper>> Start(std::size_t max_leases,
                                                    Listeners listeners);
  ~LeaseKeeper();  // gives all leases up and joins the thread

  enum class Outcome {
    kHeld,         // no writer now, and we shall hear of the next one
    kWriter,       // somebody has the file open for writing or mapped so
    kUnsupported,  // this file system or user cannot have leases
  };
  // Takes a lease through a duplicate of fd, which must be open O_RDONLY.
  // A lease that is held and unbroken stays; one too many replaces the oldest.
  // One thread at a time for one file. A file that lost its lease that way is
  // still guarded by its stamp: a lease only makes the news come earlier.
  Outcome Acquire(int fd, FileId id);

  // Gives the lease on id up at once, if there is one. After return, opening
  // the file for writing does not wait for us.
  void Release(FileId id);

  // The same if the file has no name any more: whoever removed it wants its
  // room back.
  void ReleaseRemoved(FileId id);

  // Says whether the lease on id is held and no writer asked for the file
  // since it was taken, not even one whose signal is still on its way.
  bool IsUnbroken(FileId id) const;

  std::size_t size() const;

 private:
  struct Impl;
  explicit LeaseKeeper(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Blocks the signals above in the calling thread and those it starts later.
void BlockLeaseSignals();

}  // namespace assayfs
