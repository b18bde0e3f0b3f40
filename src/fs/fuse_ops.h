// SPDX-License-Identifier: Apache-2.0
// What the translators between libfuse and the passthrough share.
//
// Each translator takes one kind of request, turns it into plain values, and
// replies exactly once, with no lock held.
#pragma once

#define FUSE_USE_VERSION 314

#include <fuse3/fuse_lowlevel.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "fs/caller.h"
#include "fs/handle_table.h"
#include "fs/inode_table.h"
#include "fs/kernel_passthrough.h"
#include "fs/open_file.h"
#include "fs/open_folder.h"
#include "fs/opener.h"
#include "fs/passthrough_names.h"
#include "fs/reopen.h"
#include "fs/reply_errno.h"
#include "fs/session.h"
#include "fs/slow_lane.h"

namespace assayfs {

// How many opens may hash at once. The threads that read requests are others.
inline constexpr unsigned kSlowThreads = 32;

// All that requests are answered from.
struct Server {
  Server(Appraiser& given, std::unique_ptr<InodeTable> inodes,
         const FuseSession::Options& options)
      : appraiser(given),
        table(std::move(inodes)),
        opener(given, passthrough, options.data, options.changes.content),
        read_only(options.read_only),
        enforce_at(options.enforce_at),
        changes(options.changes) {}

  Appraiser& appraiser;
  std::unique_ptr<InodeTable> table;
  KernelPassthrough passthrough;
  Opener opener;
  HandleTable<OpenFile> files;
  HandleTable<OpenFolder> folders;
  const bool read_only;
  const EnforceAt enforce_at;
  const ChangeListeners changes;
  // Make the kernel drop what it keeps: pages soon, of what must not stay, and
  // attributes at once, which waits for nothing.
  std::function<void(FileId)> drop_pages;
  std::function<void(NodeId)> forget_attributes;
  SlowLane slow_lane{kSlowThreads};  // last: its tasks use the rest
};

// Seconds that the kernel may rely on names without asking.
inline constexpr double kNameSeconds = 1.0;

// What the kernel is told of a file. Notes the size that it is told at read.
struct stat AttributesToTell(const Server& server, const LowerRef& file,
                             const struct stat& info);

// For how many seconds the kernel may rely on what it was told of an inode that
// it has.
//
// It takes the size for the end of what is read. So it must ask for that of a
// regular file every time, unless the content was judged and we are to hear
// before that changes, or before we do not: then what it was told is taken
// back. info: as looked up; told: what became of it.
double AttributeSeconds(const Server& server, const LowerRef& file,
                        const struct stat& info, const struct stat& told);

inline Server& ServerOf(fuse_req_t req) {
  return *static_cast<Server*>(fuse_req_userdata(req));
}
inline Result<LowerRef> NodeOf(fuse_req_t req, fuse_ino_t node) {
  return ServerOf(req).table->Get(node);
}
// Opens a node without a handle, to look at it.
inline Result<UniqueFd> ReopenNode(fuse_req_t req, fuse_ino_t node) {
  const auto file = NodeOf(req, node);
  if (!file) return Fail(file.error());
  return ReopenUnseen(file->fd());
}
// Returns what a handle stands for; if that is nothing, replies EBADF and
// returns null.
template <typename T>
T* OpenOf(fuse_req_t req, const fuse_file_info* handle) {
  T* const open = HandleTable<T>::At(handle->fh);
  if (open == nullptr) fuse_reply_err(req, EBADF);
  return open;
}
Caller CallerOf(fuse_req_t req);

// Replies the error, if there is one, and says whether there was.
template <typename T>
bool ReplyIfFailed(fuse_req_t req, const Result<T>& result,
                   Request request = Request::kOther) {
  if (result) return false;
  fuse_reply_err(req, ReplyErrno(result.error().code(), request));
  return true;
}
void ReplyOutcome(fuse_req_t req, const Result<void>& done);

// Replies EROFS, and says so, if this mount must not change anything.
bool ReplyIfReadOnly(fuse_req_t req);

// Tell other mounts of a change that was made.
void TellAttributes(fuse_req_t req, const LowerRef& file);
void TellName(fuse_req_t req, const LowerRef& folder, const char* name);

fuse_entry_param EntryParam(const Server& server, const Entry& entry);
void ReplyEntry(fuse_req_t req, const Result<Entry>& entry);

// Replies items of a folder that has no handle, from offset on.
enum class Listed { kNames, kEntries };
void ListFolder(fuse_req_t req, fuse_ino_t node, std::size_t size, off_t offset,
                Listed kind);

// Fill in the requests that each file translates.
void AddNameOps(fuse_lowlevel_ops& ops);
void AddAttributeOps(fuse_lowlevel_ops& ops);
void AddFileOps(fuse_lowlevel_ops& ops);
void AddFolderOps(fuse_lowlevel_ops& ops);
// Replaces what is different without handles; after all others.
void SetOpsAtRead(fuse_lowlevel_ops& ops);

}  // namespace assayfs
