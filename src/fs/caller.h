// SPDX-License-Identifier: Apache-2.0
// Acting for the caller, so that what is created belongs to the caller.
#pragma once

#include <sys/types.h>

namespace assayfs {

// Who asked, as the kernel told.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t umask = 0;
  pid_t thread = 0;  // 0: not seen from here
};

// Says whether a thread of a caller is about to end, or has ended: then nobody
// waits for an answer any more. A thread that we cannot see counts as ended.
// Reads /proc/THREAD/status, which waits for nothing that the thread holds.
bool IsDying(pid_t thread);

// Says whether a thread has CAP_SYS_ADMIN, in its own user namespace. One that
// we cannot see has not.
bool HasSysAdmin(pid_t thread);

// While it lives, what this thread creates gets the caller's owner, group and
// umask. The thread keeps its capabilities: the kernel has checked already
// what the caller may do.
//
// Where ids cannot be changed (no root, or an id that the user namespace does
// not map) they stay as they are. The first use in a thread gives the thread
// its own umask, working directory and root for good.
// Threads: touches the calling thread only; not to be nested.
class ActAs {
 public:
  explicit ActAs(const Caller& caller);
  ActAs(const ActAs&) = delete;
  ActAs& operator=(const ActAs&) = delete;
  ~ActAs();

 private:
  bool changed_uid_ = false;
  bool changed_gid_ = false;
  uid_t own_uid_ = 0;
  gid_t own_gid_ = 0;
  mode_t own_umask_ = 0;
};

// While it lives, this thread lacks CAP_FSETID: what it truncates loses its
// set-user-ID and set-group-ID bits and its capabilities, as if somebody
// without privilege had done it. Does nothing for a thread without it.
// Threads: touches the calling thread only; not to be nested.
class WithoutFsetid {
 public:
  WithoutFsetid();
  WithoutFsetid(const WithoutFsetid&) = delete;
  WithoutFsetid& operator=(const WithoutFsetid&) = delete;
  ~WithoutFsetid();

 private:
  bool dropped_ = false;
};

}  // namespace assayfs
