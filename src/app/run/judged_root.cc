// SPDX-License-Identifier: Apache-2.0
// Making a judged tree the root of a process, with proc, dev and tmp.
#include "app/run/judged_root.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/report.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

Result<void> MountNew(const char* type, const char* place, unsigned long flags,
                      const char* data) {
  if (::mount(type, place, type, flags, data) == 0) return {};
  return Fail(
      Error::FromErrno(std::string("mounting ") + type + " on " + place));
}

// A link in a tree that others wrote must not lead a mount elsewhere.
bool HasFolder(const char* name) {
  struct stat info {};
  if (::lstat(name, &info) == 0 && S_ISDIR(info.st_mode)) return true;
  ReportFailure("warning", std::string("the tree has no folder /") + name +
                               ": not mounted");
  return false;
}

// Devices are shown, not made: a user namespace may not make them.
Result<void> ShowDevice(const std::string& name) {
  const std::string inside = "dev/" + name;
  const std::string outside = "/dev/" + name;
  const UniqueFd made(
      ::open(inside.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0666));
  if (!made) return Fail(Error::FromErrno(inside));
  if (::mount(outside.c_str(), inside.c_str(), nullptr, MS_BIND, nullptr) !=
      0) {
    return Fail(Error::FromErrno("showing " + outside));
  }
  return {};
}

Result<void> FillDev() {
  for (const char* name :
       {"null", "zero", "full", "random", "urandom", "tty"}) {
    if (auto shown = ShowDevice(name); !shown) return shown;
  }
  for (const char* name : {"dev/pts", "dev/shm"}) {
    if (::mkdir(name, 0755) != 0) return Fail(Error::FromErrno(name));
  }
  if (auto done = MountNew("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
                           "newinstance,ptmxmode=0666,mode=0620");
      !done) {
    return done;
  }
  if (auto done =
          MountNew("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
      !done) {
    return done;
  }
  const std::pair<const char*, const char*> links[] = {
      {"pts/ptmx", "dev/ptmx"},
      {"/proc/self/fd", "dev/fd"},
      {"/proc/self/fd/0", "dev/stdin"},
      {"/proc/self/fd/1", "dev/stdout"},
      {"/proc/self/fd/2", "dev/stderr"}};
  for (const auto& [target, name] : links) {
    if (::symlink(target, name) != 0) return Fail(Error::FromErrno(name));
  }
  return {};
}

Result<void> MountFolders() {
  if (HasFolder("proc")) {
    auto done = MountNew("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
    if (!done) return done;
  }
  if (HasFolder("dev")) {
    auto done = MountNew("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "mode=755");
    if (done) done = FillDev();
    if (!done) return done;
  }
  if (HasFolder("tmp")) {
    return MountNew("tmpfs", "tmp", MS_NOSUID | MS_NODEV, "mode=1777");
  }
  return {};
}

}  // namespace

Result<void> EnterJudgedRoot(const std::string& root) {
  if (::unshare(CLONE_NEWNS) != 0) return Fail(Error::FromErrno("unshare"));
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Fail(Error::FromErrno("making mounts private"));
  }
  if (::chdir(root.c_str()) != 0) return Fail(Error::FromErrno(root));
  // What programs make in dev and tmp is theirs to restrict.
  ::umask(0);
  auto mounted = MountFolders();
  ::umask(022);
  if (!mounted) return mounted;
  // The old root lands on top of the new one, and goes.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) {
    return Fail(Error::FromErrno("making " + root + " the root"));
  }
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) {
    return Fail(Error::FromErrno("leaving the old root"));
  }
  return {};
}

}  // namespace assayfs
