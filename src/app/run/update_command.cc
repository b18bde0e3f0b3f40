// SPDX-License-Identifier: Apache-2.0
// Running one command where a judged tree is writable.
#include "app/run/update_command.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/control/control_client.h"
#include "app/run/execute.h"
#include "app/run/forward_signals.h"
#include "app/settings/mount_table.h"
#include "base/unique_fd.h"
#include "fs/session.h"

namespace assayfs {
namespace {

// What the mount that is covered does not allow, this one does not either.
unsigned long FlagsOf(const std::string& mount_point) {
  struct statvfs info {};
  if (::statvfs(mount_point.c_str(), &info) != 0) return MS_NOSUID | MS_NODEV;
  unsigned long flags = 0;
  if ((info.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((info.f_flag & ST_NODEV) != 0) flags |= MS_NODEV;
  if ((info.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  return flags;
}

// Later changes of mounts elsewhere are seen; those here stay here.
Result<void> EnterMountNamespace() {
  if (::unshare(CLONE_NEWNS) != 0) {
    return Fail(Error::FromErrno("mount namespace"));
  }
  if (::mount("", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return Fail(Error::FromErrno("keeping mounts in their namespace"));
  }
  return {};
}

Result<void> MountWritable(const std::string& mount_point,
                           const std::string& control) {
  const UniqueFd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!fuse) return Fail(Error::FromErrno("/dev/fuse"));
  if (::mount("assayfs update", mount_point.c_str(),
              std::string(kMountType).c_str(), FlagsOf(mount_point),
              MountData(fuse.get()).c_str()) != 0) {
    return Fail(Error::FromErrno("mounting on " + mount_point));
  }
  // The descriptor that the daemon gets is the only one that is left: when it
  // goes, whoever waits hears of it.
  const auto answer = AskMount(mount_point, control, {{"verb", "update"}},
                               Answerer::kRootOrSelf, fuse.get());
  if (answer) return {};
  // What it covers is to be seen again: nobody serves it.
  ::umount2(mount_point.c_str(), MNT_DETACH);
  return Fail(answer.error());
}

}  // namespace

Result<int> RunUpdate(const std::string& mount_point,
                      const std::string& control,
                      const std::vector<std::string>& command) {
  std::error_code no_folder;
  const auto folder = std::filesystem::current_path(no_folder);
  if (auto entered = EnterMountNamespace(); !entered) {
    return Fail(entered.error());
  }
  auto mounted = MountWritable(mount_point, control);
  if (!mounted) return Fail(std::move(mounted).error());
  // From the mount that is covered to the one that covers it.
  if (!no_folder) std::filesystem::current_path(folder, no_folder);
  const sigset_t mask = BlockForwardedSignals();
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork"));
  if (child == 0) Execute("update", command, mask);
  return WaitForwarding(child, Orphans::kLeave);
}

}  // namespace assayfs
