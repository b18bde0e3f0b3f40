// SPDX-License-Identifier: Apache-2.0
// AsUser: one thread acts as another user for a while.
#pragma once

#include <span>
#include <string>

#include "random.h"

namespace assayfs::differential {

struct User {
  unsigned uid;
  unsigned gid;
  std::span<const unsigned> groups;
};

// Returns one of the few users that all calls are made by.
const User& DrawUser(Random& random);
std::string UserName(const User& user);

// Threads: changes only the calling thread.
// REQUIRES: that thread is root.
class AsUser {
 public:
  explicit AsUser(const User& user);
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  ~AsUser();
};

}  // namespace assayfs::differential
