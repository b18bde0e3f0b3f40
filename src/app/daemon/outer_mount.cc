// SPDX-License-Identifier: Apache-2.0
// OuterMount: a mount in the namespace that this process has left.
#include "app/daemon/outer_mount.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "app/settings/mount_table.h"

namespace assayfs {
namespace {

// Waits for a child and returns its exit status, or EIO if a signal ended it.
int Reap(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return EIO;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

// The child that stays behind: waits for a byte, mounts, answers with errno as
// its exit status. Without the byte (the daemon gave up) it just ends.
[[noreturn]] void WaitAndMount(const OuterMount::Spec& spec, int from_daemon) {
  char go = 0;
  ssize_t count = 0;
  do {
    count = ::read(from_daemon, &go, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) ::_exit(ECANCELED);
  const std::string type(kMountType);
  const int failed = ::mount(spec.source.c_str(), spec.mount_point.c_str(),
                             type.c_str(), spec.flags, spec.data.c_str());
  ::_exit(failed == 0 ? 0 : errno);
}

// A copy of another assayfs mount in our namespace would keep that mount alive
// after its users have unmounted it.
Result<void> DetachForeignMounts(const std::string& keep) {
  const auto table = ReadOwnMountTable();
  if (!table) return Fail(table.error());
  const MountEntry* kept = FindMountOf(*table, keep);
  for (auto entry = table->rbegin(); entry != table->rend(); ++entry) {
    if (entry->type != kMountType || (kept != nullptr && &*entry == kept)) {
      continue;
    }
    // Locked in a user namespace: then it cannot be helped.
    ::umount2(entry->mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  return {};
}

Result<void> EnterPrivateNamespace() {
  if (::unshare(CLONE_NEWNS) != 0) {
    if (errno == EPERM) {
      return Fail(EPERM,
                  "mounting needs root; without it, use `assayfs run` or "
                  "start this below `unshare --user --map-root-user --mount`");
    }
    return Fail(Error::FromErrno("unshare"));
  }
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Fail(Error::FromErrno("making mounts private"));
  }
  return {};
}

}  // namespace

Result<OuterMount> OuterMount::Prepare(Spec spec, const std::string& keep) {
  OuterMount mount;
  mount.mount_point_ = spec.mount_point;
  const auto open_fd = [](UniqueFd& fd, const char* path, int flags) {
    fd.Reset(::open(path, flags | O_CLOEXEC));
    return fd ? Result<void>() : Fail(Error::FromErrno(path));
  };
  for (const auto& opened :
       {open_fd(mount.namespace_, "/proc/self/ns/mnt", O_RDONLY),
        open_fd(mount.mountinfo_, "/proc/self/mountinfo", O_RDONLY),
        open_fd(mount.root_, "/", O_PATH | O_DIRECTORY)}) {
    if (!opened) return Fail(opened.error());
  }

  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return Fail(Error::FromErrno("socketpair"));
  }
  mount.to_child_.Reset(pair[0]);
  const UniqueFd from_daemon(pair[1]);
  mount.child_ = ::fork();
  if (mount.child_ < 0) return Fail(Error::FromErrno("fork"));
  if (mount.child_ == 0) {
    mount.to_child_.Reset();
    WaitAndMount(spec, from_daemon.get());
  }
  if (auto entered = EnterPrivateNamespace(); !entered) {
    return Fail(entered.error());
  }
  if (auto detached = DetachForeignMounts(keep); !detached) {
    return Fail(detached.error());
  }
  return mount;
}

OuterMount::~OuterMount() {
  if (!to_child_) return;  // moved from, or mounted
  to_child_.Reset();
  Reap(child_);
}

Result<void> OuterMount::Mount() {
  const char go = 1;
  const bool told = ::send(to_child_.get(), &go, 1, MSG_NOSIGNAL) == 1;
  to_child_.Reset();
  const int code = Reap(child_);
  if (!told || code != 0) {
    errno = code == 0 ? EIO : code;
    return Fail(Error::FromErrno("mounting on " + mount_point_));
  }
  const auto table = ReadMountTable(mountinfo_.get());
  if (!table) return Fail(table.error());
  const MountEntry* entry = FindMountPoint(*table, mount_point_);
  // Somebody may have been faster than we are, and unmounted it.
  if (entry != nullptr && entry->type == kMountType) {
    mount_id_ = entry->id;
    device_ = entry->device;
  }
  return {};
}

Result<OuterMount::Place> OuterMount::Find() const {
  const auto table = ReadMountTable(mountinfo_.get());
  if (!table) return Fail(table.error());
  const auto ours = [this](const MountEntry& entry) {
    // The kernel uses numbers again: the number alone says little.
    return entry.id == mount_id_ && entry.mount_point == mount_point_ &&
           entry.type == kMountType;
  };
  if (std::ranges::none_of(*table, ours)) return Place::kGone;
  return ours(*FindMountPoint(*table, mount_point_)) ? Place::kOnTop
                                                     : Place::kCovered;
}

Result<void> OuterMount::CheckGone() const {
  const auto place = Find();
  if (!place) return Fail(place.error());
  if (*place == Place::kGone) return {};
  return Fail(ECONNABORTED,
              mount_point_ +
                  ": the connection was aborted, and no file there can be "
                  "used until it is unmounted or mounted again");
}

Result<void> OuterMount::Unmount() const {
  const auto place = Find();
  if (!place) return Fail(place.error());
  if (*place == Place::kGone) return {};
  if (*place == Place::kCovered) {
    return Fail(EBUSY, mount_point_ + ": another mount lies over it");
  }
  // The daemon has threads: the child may only make system calls.
  const char* const path = mount_point_.c_str();
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork"));
  if (child == 0) {
    if (::setns(namespace_.get(), CLONE_NEWNS) != 0) ::_exit(errno);
    if (::fchdir(root_.get()) != 0 || ::chroot(".") != 0) ::_exit(errno);
    const int failed = ::umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    ::_exit(failed == 0 ? 0 : errno);
  }
  const int code = Reap(child);
  if (code != 0) {
    errno = code;
    return Fail(Error::FromErrno("umount " + mount_point_));
  }
  return {};
}

}  // namespace assayfs
