// SPDX-License-Identifier: Apache-2.0
// What the translators between libfuse and the passthrough share.
//
// Each translator takes one kind of request, turns it into plain values, and
// replies exactly once, with no lock held.
#pragma once

#define FUSE_USE_VERSION 314

#include <fuse3/fuse_lowlevel.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/reopen.h"
#include "base/result.h"
#include "fs/caller.h"
#include "fs/folder_watcher.h"
#include "fs/handle_table.h"
#include "fs/inode_table.h"
#include "fs/kernel_cache.h"
#include "fs/kernel_passthrough.h"
#include "fs/listing_habits.h"
#include "fs/open_file.h"
#include "fs/open_folder.h"
#include "fs/opener.h"
#include "fs/passthrough_names.h"
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
        opener(given, options.names, passthrough, options.data,
               options.changes.content),
        names(options.names),
        read_only(options.read_only),
        enforce_at(options.enforce_at),
        opens_folders(options.enforce_at == EnforceAt::kOpen &&
                      !options.offsets_last),
        changes(options.changes) {}

  // Says whether changes to the names in a folder are heard of from now on.
  bool Watch(const LowerRef& folder) const {
    return may_watch && folder.Watch(*watcher);
  }

  // The name that a file was last found under; empty if it has none.
  std::string NameOf(const LowerRef& file) const {
    const auto place = table->PlaceOf(file.node());
    return place ? place->name : std::string();
  }

  Appraiser& appraiser;
  // Null if there is none; outlives all that it watches.
  std::unique_ptr<FolderWatcher> watcher;
  std::atomic<bool> may_watch = false;
  std::unique_ptr<InodeTable> table;
  KernelPassthrough passthrough;
  Opener opener;
  HandleTable<OpenFile> files;
  HandleTable<OpenFolder> folders;
  const NameJudge* const names;  // may be null
  const bool read_only;
  const EnforceAt enforce_at;
  const bool opens_folders;  // else there are no handles of folders
  const ChangeListeners changes;
  ListingHabits habits;
  std::optional<KernelCache> kernel;  // once there is a session
  // Drops pages of what must not stay; soon, and without waiting.
  std::function<void(FileId)> drop_pages;
  SlowLane slow_lane{kSlowThreads};  // last: its tasks use the rest
};

// How long the kernel may rely on what it was told, in seconds. Where we hear
// of changes, that is for those that are not heard of.
inline constexpr double kNever = 0.0;
inline constexpr double kUnheard = 1.0;
inline constexpr double kHeardOf = 60.0;
constexpr double NameSeconds(bool heard) { return heard ? kHeardOf : kUnheard; }

// What the kernel is told of a file. Notes the size that it is told.
struct stat AttributesToTell(const Server& server, const LowerRef& file,
                             const struct stat& info);

// For how many seconds the kernel may rely on what it was told of a file.
//
// It takes the size for the end of what is read, and we hear of most changes
// only after they were made. told: what became of info; watched: of the folder
// that the file is in, or is, from before info was looked up.
double AttributeSeconds(const Server& server, const LowerRef& file,
                        const struct stat& info, const struct stat& told,
                        bool watched);

// Makes the kernel ask for the attributes of a file at their next use, if it
// was told some to rely on. Does not block.
//
// Not more often: an answer that it then ignores leaves it with the size that
// it had, although it asked.
void TakeAttributesBack(const Server& server, NodeId node);

// Takes the size back that the kernel was told, if it may not be that of what
// fd, an open of the file, is to show. Call before the open is answered.
void SettleSize(const Server& server, const LowerRef& file, int fd);

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
// Replies ENOSYS, once: so answered, the kernel opens files, or folders,
// without asking, and keeps what it read of them from one open to the next.
void NeverAskAgain(fuse_req_t req, fuse_ino_t node, fuse_file_info* handle);
// Writes a file to the disk that has no handle. Not every file system has it.
void SyncNode(fuse_req_t req, fuse_ino_t node, int only_data,
              fuse_file_info* handle);

// Replies EROFS, and says so, if this mount must not change anything.
bool ReplyIfReadOnly(fuse_req_t req);

// Tell other mounts of a change that was made.
void TellAttributes(fuse_req_t req, const LowerRef& file);
void TellName(fuse_req_t req, const LowerRef& folder, const char* name);

// heard: what Server::Watch said of the folder before the entry was found.
fuse_entry_param EntryParam(const Server& server, const Entry& entry,
                            bool heard);
// Looks a name up in a folder. Errors: those of Lookup.
Result<fuse_entry_param> FindEntry(const Server& server, const LowerRef& folder,
                                   const char* name, bool heard);
void ReplyEntry(fuse_req_t req, const Result<fuse_entry_param>& entry);

// Fill in the requests that each file translates.
void AddNameOps(fuse_lowlevel_ops& ops);
void AddAttributeOps(fuse_lowlevel_ops& ops);
void AddFileOps(fuse_lowlevel_ops& ops);
void AddFolderOps(fuse_lowlevel_ops& ops);
// Replace what is different without handles of folders, and without any; after
// all others.
void SetOpsWithoutFolders(fuse_lowlevel_ops& ops);
void SetOpsAtRead(fuse_lowlevel_ops& ops);

}  // namespace assayfs
