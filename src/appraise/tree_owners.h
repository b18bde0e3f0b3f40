// SPDX-License-Identifier: Apache-2.0
// TreeOwners: the accounts of a tree as they are now.
#pragma once

#include <memory>
#include <utility>

#include "appraise/accounts.h"
#include "appraise/stamp.h"
#include "base/guarded.h"
#include "base/result.h"

namespace assayfs {

// Reads etc/passwd and etc/group again whenever they have changed. They are
// those of the tree or, where it has no etc/passwd as the /usr of a system,
// those beside it.
// Threads: safe.
class TreeOwners {
 public:
  // root_fd: an O_PATH descriptor of the tree's root; borrowed.
  explicit TreeOwners(int root_fd) : root_fd_(root_fd) {}

  // Errors: those of ReadOwners.
  Result<std::shared_ptr<const Owners>> Current() const;

 private:
  // What is known of a file that may be missing.
  using Version = std::pair<FileId, Stamp>;
  struct Known {
    std::pair<Version, Version> versions;
    std::shared_ptr<const Owners> owners;
  };

  int root_fd_;
  mutable Guarded<Known> known_;
};

}  // namespace assayfs
