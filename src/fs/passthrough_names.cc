// SPDX-License-Identifier: Apache-2.0
// Operations on the names of the lower tree.
#include "fs/passthrough_names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "fs/reopen.h"

namespace assayfs {
namespace {

Result<void> Outcome(int returned, const char* what) {
  if (returned != 0) return Fail(Error::FromErrno(what));
  return {};
}

}  // namespace

Result<Entry> Lookup(InodeTable& table, const LowerRef& folder,
                     const char* name) {
  UniqueFd fd(::openat(folder.fd(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno("lookup"));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return Fail(Error::FromErrno("fstat"));
  return Entry{table.Remember(std::move(fd), info), info};
}

Result<void> MakeNode(const LowerRef& folder, const char* name, mode_t mode,
                      dev_t device, const Caller& caller) {
  const ActAs owner(caller);
  return Outcome(::mknodat(folder.fd(), name, mode, device), "mknod");
}

Result<void> MakeFolder(const LowerRef& folder, const char* name, mode_t mode,
                        const Caller& caller) {
  const ActAs owner(caller);
  return Outcome(::mkdirat(folder.fd(), name, mode), "mkdir");
}

Result<void> MakeSymlink(const LowerRef& folder, const char* name,
                         const char* target, const Caller& caller) {
  const ActAs owner(caller);
  return Outcome(::symlinkat(target, folder.fd(), name), "symlink");
}

Result<void> MakeLink(const LowerRef& file, const LowerRef& folder,
                      const char* name) {
  return Outcome(::linkat(AT_FDCWD, FdPath(file.fd()).c_str(), folder.fd(),
                          name, AT_SYMLINK_FOLLOW),
                 "link");
}

Result<void> RemoveFile(const LowerRef& folder, const char* name) {
  return Outcome(::unlinkat(folder.fd(), name, 0), "unlink");
}

Result<void> RemoveFolder(const LowerRef& folder, const char* name) {
  return Outcome(::unlinkat(folder.fd(), name, AT_REMOVEDIR), "rmdir");
}

Result<void> Rename(const LowerRef& from_folder, const char* from,
                    const LowerRef& to_folder, const char* to, unsigned flags,
                    const Caller& caller) {
  const ActAs owner(caller);  // RENAME_WHITEOUT creates
  return Outcome(::renameat2(from_folder.fd(), from, to_folder.fd(), to, flags),
                 "rename");
}

Result<std::string> ReadSymlink(const LowerRef& link) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size =
      ::readlinkat(link.fd(), "", target.data(), target.size());
  if (size < 0) return Fail(Error::FromErrno("readlink"));
  target.resize(static_cast<std::size_t>(size));
  return target;
}

}  // namespace assayfs
