// SPDX-License-Identifier: Apache-2.0
// ContainerGroup: a control group named as that of a container.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// A group of version 2 below that of this process, removed in the end. Threads:
// one object, one thread.
class ContainerGroup {
 public:
  // id: of the container, see ContainerOf.
  // Errors: kNotOnThisMachine where no control group can be made; EINVAL for an
  // id that is no part of a path.
  static Result<ContainerGroup> Make(const std::string& id);
  ContainerGroup(ContainerGroup&& other) noexcept
      : outer_(std::exchange(other.outer_, {})),
        inner_(std::exchange(other.inner_, {})),
        members_(std::move(other.members_)) {}
  ContainerGroup& operator=(ContainerGroup&&) = delete;
  // All processes in it must have ended.
  ~ContainerGroup();

  // Moves this process in, which may be a child of the one that made the group.
  // Errors: kNotOnThisMachine with what write(2) said.
  Result<void> Enter() const;

 private:
  ContainerGroup() = default;

  std::string outer_;  // of this process, so that names are never in use
  std::string inner_;
  UniqueFd members_;
};

}  // namespace assayfs
