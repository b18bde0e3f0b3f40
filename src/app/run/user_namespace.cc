// SPDX-License-Identifier: Apache-2.0
// Becoming root in a user namespace of one's own.
#include "app/run/user_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <string>

#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

Result<void> WriteTo(const char* path, const std::string& text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  auto written = WriteAll(fd.get(), AsBytes(text));
  if (!written) return Fail(std::move(written).error().WithContext(path));
  return {};
}

}  // namespace

Result<void> EnterUserNamespace() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER) != 0) {
    const Error error = Error::FromErrno("user namespace");
    return Fail(error.code(),
                error.message() +
                    "; run this as root, or let users have user namespaces "
                    "(sysctl user.max_user_namespaces)");
  }
  if (auto done = WriteTo("/proc/self/uid_map", "0 " + user + " 1"); !done) {
    return done;
  }
  // Without this the kernel lets nobody but root map a group.
  if (auto done = WriteTo("/proc/self/setgroups", "deny"); !done) return done;
  return WriteTo("/proc/self/gid_map", "0 " + group + " 1");
}

}  // namespace assayfs
