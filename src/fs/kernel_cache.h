// SPDX-License-Identifier: Apache-2.0
// KernelCache: what the kernel keeps of one mount, and how it is taken back.
#pragma once

#include <string>

#include "fs/inode_table.h"

struct fuse_session;

namespace assayfs {

// Tells the kernel that what it was told is no longer so. What it does not
// keep, or not any more, is no error.
// Threads: safe.
class KernelCache {
 public:
  // session: borrowed, mounted, must outlive this.
  explicit KernelCache(fuse_session* session) : session_(session) {}

  // Pages and attributes of a file, or what was listed of a folder, must go.
  // Blocks while the kernel waits for pages being read: not on a thread that
  // answers requests.
  void Drop(NodeId node) const;

  // Attributes must be asked for at their next use, and those that are on their
  // way to the kernel are ignored. Returns false if the kernel does not know
  // the node, or not yet. Does not block.
  bool ForgetAttributes(NodeId node) const;

  // The functions that follow may block while the kernel waits for an answer
  // about that folder: not on a thread that answers requests of this session.

  // A name leads to something else, or to nothing, now. The kernel takes away
  // what was mounted there.
  void ForgetName(NodeId folder, const std::string& name) const;

  // A name must be looked up at its next use; what it leads to stays as it is
  // if the answer is the same. Needs Linux 6.2, which says so by
  // FUSE_CAP_EXPIRE_ONLY.
  void DoubtName(NodeId folder, const std::string& name) const;

 private:
  fuse_session* const session_;
};

}  // namespace assayfs
