// SPDX-License-Identifier: Apache-2.0
// Requests on names, and what all translators share.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "fs/fuse_ops.h"
#include "fs/passthrough_attributes.h"

namespace assayfs {

Caller CallerOf(fuse_req_t req) {
  const fuse_ctx* context = fuse_req_ctx(req);
  return {context->uid, context->gid, context->umask, context->pid};
}

void ReplyOutcome(fuse_req_t req, const Result<void>& done) {
  if (ReplyIfFailed(req, done)) return;
  fuse_reply_err(req, 0);
}

void NeverAskAgain(fuse_req_t req, fuse_ino_t, fuse_file_info*) {
  fuse_reply_err(req, ENOSYS);
}

void SyncNode(fuse_req_t req, fuse_ino_t node, int, fuse_file_info*) {
  const auto fd = ReopenNode(req, node);
  if (ReplyIfFailed(req, fd)) return;
  fuse_reply_err(req, ::fsync(fd->get()) == 0 ? 0 : errno);
}

bool ReplyIfReadOnly(fuse_req_t req) {
  if (!ServerOf(req).read_only) return false;
  fuse_reply_err(req, EROFS);
  return true;
}

fuse_entry_param EntryParam(const Server& server, const Entry& entry,
                            bool heard) {
  const LowerRef& file = entry.lower;
  const struct stat& info = entry.attributes;
  fuse_entry_param param{};
  param.ino = file.node();
  param.entry_timeout = NameSeconds(heard);
  param.attr = AttributesToTell(server, file, info);
  if (S_ISDIR(info.st_mode)) {
    // It has not been watched itself since before it was looked at.
    file.Rely();
    param.attr_timeout = NameSeconds(false);
  } else if (heard || !S_ISREG(info.st_mode)) {
    param.attr_timeout =
        AttributeSeconds(server, file, info, param.attr, heard);
  }
  // Else: what we take back before the kernel has made an inode of this answer
  // is not taken back, unless we hear of the change. So it asks once more,
  // which it does for an inode that it has.
  return param;
}

void TellAttributes(fuse_req_t req, const LowerRef& file) {
  const auto& tell = ServerOf(req).changes.attributes;
  if (tell) tell(file.id());
}

void TellName(fuse_req_t req, const LowerRef& folder, const char* name) {
  const auto& tell = ServerOf(req).changes.name;
  if (tell) tell(folder.id(), name);
}

Result<fuse_entry_param> FindEntry(const Server& server, const LowerRef& folder,
                                   const char* name, bool heard) {
  const auto entry = Lookup(*server.table, folder, name);
  if (!entry) return Fail(entry.error());
  return EntryParam(server, *entry, heard);
}

void ReplyEntry(fuse_req_t req, const Result<fuse_entry_param>& entry) {
  if (ReplyIfFailed(req, entry)) return;
  // A request that the kernel gave up leaves no lookup to be forgotten.
  if (fuse_reply_entry(req, &*entry) != 0) {
    ServerOf(req).table->Forget(entry->ino, 1);
  }
}

namespace {

void DoLookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  const auto folder = NodeOf(req, parent);
  if (ReplyIfFailed(req, folder)) return;
  Server& server = ServerOf(req);
  server.habits.LookedUp(fuse_req_ctx(req)->pid);
  const bool heard = server.Watch(*folder);
  const auto entry = FindEntry(server, *folder, name, heard);
  if (!entry && entry.error().code() == ENOENT) {
    // Without a node: there is no such name, which may be relied on, too.
    fuse_entry_param nothing{};
    nothing.entry_timeout = NameSeconds(heard);
    fuse_reply_entry(req, &nothing);
    return;
  }
  ReplyEntry(req, entry);
}

void Forget(const Server& server, NodeId node, std::uint64_t count) {
  const auto gone = server.table->Forget(node, count);
  if (gone) server.appraiser.Release(*gone);
}

void DoForget(fuse_req_t req, fuse_ino_t node, std::uint64_t count) {
  Forget(ServerOf(req), node, count);
  fuse_reply_none(req);
}

void DoForgetMulti(fuse_req_t req, std::size_t count,
                   fuse_forget_data* forgets) {
  for (std::size_t i = 0; i < count; ++i) {
    Forget(ServerOf(req), forgets[i].ino, forgets[i].nlookup);
  }
  fuse_reply_none(req);
}

// Runs make(folder) and replies the entry that it made.
template <typename Make>
void MakeEntry(fuse_req_t req, fuse_ino_t parent, const char* name, Make make) {
  if (ReplyIfReadOnly(req)) return;
  const auto folder = NodeOf(req, parent);
  if (ReplyIfFailed(req, folder)) return;
  folder->Expect(name);
  const Result<void> made = make(*folder);
  if (!made) folder->Unexpect(name);
  if (ReplyIfFailed(req, made)) return;
  TellName(req, *folder, name);
  const Server& server = ServerOf(req);
  ReplyEntry(req, FindEntry(server, *folder, name, server.Watch(*folder)));
}

void DoMknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode,
             dev_t device) {
  MakeEntry(req, parent, name, [&](const LowerRef& folder) {
    return MakeNode(folder, name, mode, device, CallerOf(req));
  });
}

void DoMkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
  MakeEntry(req, parent, name, [&](const LowerRef& folder) {
    return MakeFolder(folder, name, mode, CallerOf(req));
  });
}

void DoSymlink(fuse_req_t req, const char* target, fuse_ino_t parent,
               const char* name) {
  MakeEntry(req, parent, name, [&](const LowerRef& folder) {
    return MakeSymlink(folder, name, target, CallerOf(req));
  });
}

void DoLink(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent,
            const char* name) {
  const auto file = NodeOf(req, node);
  if (ReplyIfFailed(req, file)) return;
  MakeEntry(req, parent, name, [&](const LowerRef& folder) {
    auto made = MakeLink(*file, folder, name);
    if (made) TellAttributes(req, *file);
    return made;
  });
}

// Tells other mounts that the file of that name is about to lose it, or that
// another takes its place. Returns the file, if there are others to be told.
std::optional<FileId> TellRemoving(fuse_req_t req, const LowerRef& folder,
                                   const char* name) {
  const ChangeListeners& changes = ServerOf(req).changes;
  if (!changes.removing) return std::nullopt;
  const UniqueFd fd(
      ::openat(folder.fd(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return std::nullopt;
  const auto file = StampFile(fd.get());
  if (!file) return std::nullopt;
  changes.removing(file->id, fd.get());
  return file->id;
}

// Replies what change() returned, which changes what a name in each of the
// folders leads to, and tells of it.
template <typename Change>
void ChangeNames(fuse_req_t req,
                 const std::vector<std::pair<LowerRef, const char*>>& names,
                 Change change) {
  std::vector<FileId> files;
  for (const auto& [folder, name] : names) {
    if (const auto id = TellRemoving(req, folder, name)) files.push_back(*id);
  }
  for (const auto& [folder, name] : names) folder.Expect(name);
  const Result<void> done = change();
  if (!done) {
    for (const auto& [folder, name] : names) folder.Unexpect(name);
  }
  if (ReplyIfFailed(req, done)) return;
  for (const auto& [folder, name] : names) TellName(req, folder, name);
  for (const FileId id : files) ServerOf(req).changes.attributes(id);
  fuse_reply_err(req, 0);
}

void DoUnlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
  if (ReplyIfReadOnly(req)) return;
  const auto folder = NodeOf(req, parent);
  if (ReplyIfFailed(req, folder)) return;
  ChangeNames(req, {{*folder, name}},
              [&] { return RemoveFile(*ServerOf(req).table, *folder, name); });
}

void DoRmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
  if (ReplyIfReadOnly(req)) return;
  const auto folder = NodeOf(req, parent);
  if (ReplyIfFailed(req, folder)) return;
  ChangeNames(req, {{*folder, name}}, [&] {
    return RemoveFolder(*ServerOf(req).table, *folder, name);
  });
}

void DoRename(fuse_req_t req, fuse_ino_t parent, const char* name,
              fuse_ino_t new_parent, const char* new_name, unsigned flags) {
  if (ReplyIfReadOnly(req)) return;
  const auto from = NodeOf(req, parent);
  if (ReplyIfFailed(req, from)) return;
  const auto to = NodeOf(req, new_parent);
  if (ReplyIfFailed(req, to)) return;
  std::vector<std::pair<LowerRef, const char*>> names = {{*from, name},
                                                         {*to, new_name}};
  // Then each name goes and comes.
  if ((flags & RENAME_EXCHANGE) != 0) {
    names.push_back(names[0]);
    names.push_back(names[1]);
  }
  ChangeNames(req, names, [&] {
    return Rename(*ServerOf(req).table, *from, name, *to, new_name, flags,
                  CallerOf(req));
  });
}

void DoReadlink(fuse_req_t req, fuse_ino_t node) {
  const auto link = NodeOf(req, node);
  if (ReplyIfFailed(req, link)) return;
  const auto target = ReadSymlink(*link);
  if (ReplyIfFailed(req, target)) return;
  const Server& server = ServerOf(req);
  const Caller caller = CallerOf(req);
  if (server.names != nullptr &&
      !server.names->PermitsLink(link->fd(), server.NameOf(*link), *target,
                                 {.uid = caller.uid, .pid = caller.thread})) {
    fuse_reply_err(req, EACCES);
    return;
  }
  fuse_reply_readlink(req, target->c_str());
}

}  // namespace

void AddNameOps(fuse_lowlevel_ops& ops) {
  ops.lookup = DoLookup;
  ops.forget = DoForget;
  ops.forget_multi = DoForgetMulti;
  ops.mknod = DoMknod;
  ops.mkdir = DoMkdir;
  ops.symlink = DoSymlink;
  ops.link = DoLink;
  ops.unlink = DoUnlink;
  ops.rmdir = DoRmdir;
  ops.rename = DoRename;
  ops.readlink = DoReadlink;
}

}  // namespace assayfs
