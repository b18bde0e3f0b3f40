// SPDX-License-Identifier: Apache-2.0
// AsUser: raw system calls, because those of the C library change all threads.
#include "user.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace assayfs::differential {
namespace {

constexpr std::array<unsigned, 3> kSeveral = {1000, 2000, 2001};
constexpr std::array<unsigned, 1> kNobody = {65534};
constexpr std::array<User, 5> kUsers = {{{0, 0, {}},
                                         {1000, 1000, kSeveral},
                                         {65534, 65534, kNobody},
                                         {1000, 2000, {}},
                                         {0, 2000, {}}}};

void Become(unsigned uid, unsigned gid, std::span<const unsigned> groups,
            bool to_root) {
  bool done = true;
  if (to_root) done = ::syscall(SYS_setresuid, 0, 0, 0) == 0;
  done = ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0 && done;
  done = ::syscall(SYS_setresgid, gid, gid, 0) == 0 && done;
  // The saved id stays 0, so that there is a way back.
  if (!to_root) done = ::syscall(SYS_setresuid, uid, uid, 0) == 0 && done;
  if (done) return;
  std::perror("differential: cannot change user");
  std::abort();
}

}  // namespace

const User& DrawUser(Random& random) {
  return kUsers[random.Below(kUsers.size())];
}

std::string UserName(const User& user) {
  return std::to_string(user.uid) + ":" + std::to_string(user.gid) +
         (user.groups.empty() ? "" : "+") + " ";
}

AsUser::AsUser(const User& user) {
  Become(user.uid, user.gid, user.groups, false);
}

AsUser::~AsUser() { Become(0, 0, {}, true); }

}  // namespace assayfs::differential
