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
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/result.h"
#include "fs/caller.h"
#include "fs/inode_table.h"
#include "fs/open_file.h"
#include "fs/open_folder.h"
#include "fs/opener.h"
#include "fs/passthrough_names.h"
#include "fs/slow_lane.h"

namespace assayfs {

// Owns what is open, under the number that the kernel gives back to us.
// Threads: safe; an object lives until it is taken.
template <typename T>
class HandleTable {
 public:
  std::uint64_t Add(std::unique_ptr<T> handle) {
    T* const key = handle.get();
    handles_.With([&](auto& all) { all[key] = std::move(handle); });
    return reinterpret_cast<std::uint64_t>(key);
  }
  static T& At(std::uint64_t number) { return *reinterpret_cast<T*>(number); }
  std::unique_ptr<T> Take(std::uint64_t number) {
    return handles_.With([&](auto& all) -> std::unique_ptr<T> {
      auto node = all.extract(&At(number));
      return node.empty() ? nullptr : std::move(node.mapped());
    });
  }
  void Clear() {
    const auto gone =
        handles_.With([](auto& all) { return std::exchange(all, {}); });
  }

 private:
  Guarded<std::unordered_map<T*, std::unique_ptr<T>>> handles_;
};

// How many opens may hash at once. The threads that read requests are others.
inline constexpr unsigned kSlowThreads = 32;

// All that requests are answered from.
struct Server {
  Server(Appraiser& given, std::unique_ptr<InodeTable> inodes, bool only_read)
      : appraiser(given),
        table(std::move(inodes)),
        opener(given),
        read_only(only_read) {}

  Appraiser& appraiser;
  std::unique_ptr<InodeTable> table;
  Opener opener;
  HandleTable<OpenFile> files;
  HandleTable<OpenFolder> folders;
  const bool read_only;
  SlowLane slow_lane{kSlowThreads};  // last: its tasks use the rest
};

// Seconds that the kernel may rely on names and attributes without asking.
inline constexpr double kAttributeSeconds = 1.0;

inline Server& ServerOf(fuse_req_t req) {
  return *static_cast<Server*>(fuse_req_userdata(req));
}
inline Result<LowerRef> NodeOf(fuse_req_t req, fuse_ino_t node) {
  return ServerOf(req).table->Get(node);
}
Caller CallerOf(fuse_req_t req);

// Replies the error, if there is one, and says whether there was.
template <typename T>
bool ReplyIfFailed(fuse_req_t req, const Result<T>& result) {
  if (result) return false;
  fuse_reply_err(req, result.error().code());
  return true;
}
void ReplyOutcome(fuse_req_t req, const Result<void>& done);

// Replies EROFS, and says so, if this mount must not change anything.
bool ReplyIfReadOnly(fuse_req_t req);

fuse_entry_param EntryParam(const Entry& entry);
void ReplyEntry(fuse_req_t req, const Result<Entry>& entry);

// Fill in the requests that each file translates.
void AddNameOps(fuse_lowlevel_ops& ops);
void AddAttributeOps(fuse_lowlevel_ops& ops);
void AddFileOps(fuse_lowlevel_ops& ops);
void AddFolderOps(fuse_lowlevel_ops& ops);

}  // namespace assayfs
