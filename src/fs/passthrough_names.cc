// SPDX-License-Identifier: Apache-2.0
// Operations on the names of the lower tree.
#include "fs/passthrough_names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "base/reopen.h"

namespace assayfs {
namespace {

Result<void> Outcome(int returned, const char* what) {
  if (returned != 0) return Fail(Error::FromErrno(what));
  return {};
}

// What a name stands for now.
struct Found {
  UniqueFd fd;  // O_PATH
  struct stat info;
};
Result<Found> Find(const LowerRef& folder, const char* name) {
  Found found{
      UniqueFd(::openat(folder.fd(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC)),
      {}};
  if (!found.fd) return Fail(Error::FromErrno("lookup"));
  if (::fstat(found.fd.get(), &found.info) != 0) {
    return Fail(Error::FromErrno("fstat"));
  }
  return found;
}

FileId IdOf(const Found& found) {
  return assayfs::IdOf(found.info, FileHandle::Of(found.fd.get()));
}

// Runs remove, which takes a name away, and keeps what it stands for reachable
// if that was its last.
template <typename Remove>
Result<void> RemoveName(InodeTable& table, const LowerRef& folder,
                        const char* name, Remove remove) {
  auto victim = Find(folder, name);
  if (!victim ||
      (!S_ISDIR(victim->info.st_mode) && victim->info.st_nlink > 1)) {
    return remove();
  }
  const FileId id = IdOf(*victim);
  table.Pin(id, std::move(victim->fd));
  auto removed = remove();
  if (!removed) table.Release(id);
  return removed;
}

void NoteMove(InodeTable& table, const LowerRef& folder, const char* name) {
  if (const auto found = Find(folder, name)) {
    table.Moved(IdOf(*found), folder.node(), name);
  }
}

}  // namespace

Result<Entry> Lookup(InodeTable& table, const LowerRef& folder,
                     const char* name) {
  auto found = Find(folder, name);
  if (!found) return Fail(std::move(found).error());
  return Entry{
      table.Remember(std::move(found->fd), found->info, folder.node(), name),
      found->info};
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

Result<void> RemoveFile(InodeTable& table, const LowerRef& folder,
                        const char* name) {
  return RemoveName(table, folder, name, [&] {
    return Outcome(::unlinkat(folder.fd(), name, 0), "unlink");
  });
}

Result<void> RemoveFolder(InodeTable& table, const LowerRef& folder,
                          const char* name) {
  return RemoveName(table, folder, name, [&] {
    return Outcome(::unlinkat(folder.fd(), name, AT_REMOVEDIR), "rmdir");
  });
}

Result<void> Rename(InodeTable& table, const LowerRef& from_folder,
                    const char* from, const LowerRef& to_folder, const char* to,
                    unsigned flags, const Caller& caller) {
  const auto rename = [&] {
    const ActAs owner(caller);  // RENAME_WHITEOUT creates
    return Outcome(
        ::renameat2(from_folder.fd(), from, to_folder.fd(), to, flags),
        "rename");
  };
  const bool replaces = (flags & (RENAME_EXCHANGE | RENAME_NOREPLACE)) == 0;
  auto renamed = replaces ? RemoveName(table, to_folder, to, rename) : rename();
  if (!renamed) return renamed;
  NoteMove(table, to_folder, to);
  if ((flags & RENAME_EXCHANGE) != 0) NoteMove(table, from_folder, from);
  return renamed;
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
