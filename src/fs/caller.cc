// SPDX-License-Identifier: Apache-2.0
// Acting for the caller: credentials of one thread, and whether it still waits.
//
// Raw system calls, because the functions of the C library change all threads.
#include "fs/caller.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>

namespace assayfs {
namespace {

constexpr uid_t kNoId = static_cast<uid_t>(-1);

uid_t CurrentFsuid() {
  return static_cast<uid_t>(::syscall(SYS_setfsuid, kNoId));
}
gid_t CurrentFsgid() {
  return static_cast<gid_t>(::syscall(SYS_setfsgid, kNoId));
}

// Without its own fs struct a thread shares its umask with all others. With
// the secure bit, leaving fsuid 0 does not take capabilities away; if it
// cannot be set, the lower file system checks the caller once more.
bool PrepareThread() {
  ::unshare(CLONE_FS);
  const int bits = ::prctl(PR_GET_SECUREBITS);
  if (bits >= 0) {
    ::prctl(PR_SET_SECUREBITS,
            static_cast<unsigned long>(bits) | SECBIT_NO_SETUID_FIXUP);
  }
  return true;
}

struct Capabilities {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data = {};
};

constexpr unsigned kFsetidBit = 1U << CAP_FSETID;

}  // namespace

ActAs::ActAs(const Caller& caller) {
  [[maybe_unused]] static thread_local const bool prepared = PrepareThread();
  own_umask_ = ::umask(caller.umask);
  own_gid_ = CurrentFsgid();
  if (caller.gid != own_gid_) {
    ::syscall(SYS_setfsgid, caller.gid);
    changed_gid_ = true;
  }
  own_uid_ = CurrentFsuid();
  if (caller.uid != own_uid_) {
    ::syscall(SYS_setfsuid, caller.uid);
    changed_uid_ = true;
  }
}

ActAs::~ActAs() {
  if (changed_uid_) ::syscall(SYS_setfsuid, own_uid_);
  if (changed_gid_) ::syscall(SYS_setfsgid, own_gid_);
  ::umask(own_umask_);
}

WithoutFsetid::WithoutFsetid() {
  Capabilities own;
  if (::syscall(SYS_capget, &own.header, own.data.data()) != 0) return;
  if ((own.data[0].effective & kFsetidBit) == 0) return;
  own.data[0].effective &= ~kFsetidBit;
  dropped_ = ::syscall(SYS_capset, &own.header, own.data.data()) == 0;
}

WithoutFsetid::~WithoutFsetid() {
  if (!dropped_) return;
  Capabilities own;
  if (::syscall(SYS_capget, &own.header, own.data.data()) != 0) return;
  own.data[0].effective |= kFsetidBit;
  ::syscall(SYS_capset, &own.header, own.data.data());
}

bool IsDying(pid_t thread) {
  constexpr std::uint64_t kKill = 1U << (SIGKILL - 1);
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  std::string field;
  while (status >> field) {
    if (field == "State:") {
      status >> field;
      if (field == "Z" || field == "X") return true;
    } else if (field == "SigPnd:" || field == "ShdPnd:") {
      // The kernel turns every signal that ends a process into SIGKILL for
      // each of its threads.
      std::uint64_t pending = 0;
      status >> std::hex >> pending;
      if ((pending & kKill) != 0) return true;
      if (field == "ShdPnd:") return false;
    }
  }
  return true;
}

bool HasSysAdmin(pid_t thread) {
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  std::string field;
  while (status >> field) {
    if (field != "CapEff:") continue;
    std::uint64_t capabilities = 0;
    status >> std::hex >> capabilities;
    return (capabilities >> CAP_SYS_ADMIN & 1U) != 0;
  }
  return false;
}

}  // namespace assayfs
