// SPDX-License-Identifier: Apache-2.0
// Requests on open folders.
#include <string>
#include <vector>

#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

// Items asked for at a time; what does not fit is asked for again.
constexpr std::size_t kItemsAtOnce = 128;

Result<std::unique_ptr<OpenFolder>> Open(fuse_req_t req, fuse_ino_t node,
                                         int flags) {
  const auto lower = NodeOf(req, node);
  if (!lower) return Fail(lower.error());
  return OpenFolder::Open(*lower, flags);
}

void DoOpendir(fuse_req_t req, fuse_ino_t node, fuse_file_info* handle) {
  Server& server = ServerOf(req);
  auto folder = Open(req, node, handle->flags);
  if (ReplyIfFailed(req, folder, Request::kOpen)) return;
  // The kernel keeps what was listed, as long as the folder's times stand
  // still.
  handle->cache_readdir = 1;
  handle->keep_cache = 1;
  handle->fh = server.folders.Add(std::move(*folder));
  if (fuse_reply_open(req, handle) != 0) server.folders.Take(handle->fh);
}

enum class Listed { kNames, kEntries };

// The reply to one listing request while it is put together.
class Listing {
 public:
  Listing(fuse_req_t req, Listed kind, std::size_t size)
      : req_(req), kind_(kind), buffer_(size) {}

  // Adds an item. Returns false, and looks nothing up, if it does not fit.
  bool Add(const OpenFolder& folder, const OpenFolder::Item& item);
  bool empty() const { return used_ == 0; }
  void Reply();

 private:
  fuse_entry_param Find(const OpenFolder& folder, const OpenFolder::Item& item);

  fuse_req_t req_;
  Listed kind_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::vector<NodeId> looked_up_;
};

bool Listing::Add(const OpenFolder& folder, const OpenFolder::Item& item) {
  char* const place = buffer_.data() + used_;
  const std::size_t left = buffer_.size() - used_;
  const char* const name = item.name.c_str();
  std::size_t needed = 0;
  if (kind_ == Listed::kNames) {
    struct stat info {};
    info.st_ino = item.inode;
    info.st_mode = item.type;
    needed =
        fuse_add_direntry(req_, place, left, name, &info, item.next_offset);
  } else {
    needed = fuse_add_direntry_plus(req_, nullptr, 0, name, nullptr, 0);
    if (needed <= left) {
      const fuse_entry_param entry = Find(folder, item);
      fuse_add_direntry_plus(req_, place, left, name, &entry, item.next_offset);
    }
  }
  if (needed > left) return false;
  used_ += needed;
  return true;
}

// An entry without a node is a name only: the kernel looks it up when needed.
fuse_entry_param Listing::Find(const OpenFolder& folder,
                               const OpenFolder::Item& item) {
  fuse_entry_param param{};
  param.attr.st_ino = item.inode;
  param.attr.st_mode = item.type;
  if (item.name == "." || item.name == "..") return param;
  if (!ServerOf(req_).habits.WantsAttributes(fuse_req_ctx(req_)->pid)) {
    return param;
  }
  const Server& server = ServerOf(req_);
  const auto entry = FindEntry(server, folder.folder(), item.name.c_str(),
                               server.Watch(folder.folder()));
  if (!entry) return param;
  looked_up_.push_back(entry->ino);
  return *entry;
}

void Listing::Reply() {
  InodeTable& table = *ServerOf(req_).table;
  if (fuse_reply_buf(req_, buffer_.data(), used_) == 0) return;
  for (const NodeId node : looked_up_) table.Forget(node, 1);
}

void List(fuse_req_t req, OpenFolder& folder, std::size_t size, off_t offset,
          Listed kind) {
  Listing listing(req, kind, size);
  for (bool full = false; !full;) {
    const auto items = folder.List(offset, kItemsAtOnce);
    if (listing.empty() && ReplyIfFailed(req, items)) return;
    if (!items || items->empty()) break;
    for (const OpenFolder::Item& item : *items) {
      full = !listing.Add(folder, item);
      if (full) break;
      offset = item.next_offset;
    }
  }
  listing.Reply();
}

void DoReaddir(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset,
               fuse_file_info* handle) {
  OpenFolder* const folder = OpenOf<OpenFolder>(req, handle);
  if (folder != nullptr) List(req, *folder, size, offset, Listed::kNames);
}

void DoReaddirplus(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset,
                   fuse_file_info* handle) {
  OpenFolder* const folder = OpenOf<OpenFolder>(req, handle);
  if (folder != nullptr) List(req, *folder, size, offset, Listed::kEntries);
}

void DoReleasedir(fuse_req_t req, fuse_ino_t, fuse_file_info* handle) {
  ServerOf(req).folders.Take(handle->fh);
  fuse_reply_err(req, 0);
}

void DoFsyncdir(fuse_req_t req, fuse_ino_t, int, fuse_file_info* handle) {
  const OpenFolder* const folder = OpenOf<OpenFolder>(req, handle);
  if (folder != nullptr) ReplyOutcome(req, folder->Sync());
}

// What follows is for folders that have no handle. On a read-only mount, as on
// a bare tree, listing moves no time.
void ListNode(fuse_req_t req, fuse_ino_t node, std::size_t size, off_t offset,
              Listed kind) {
  const auto folder = Open(req, node, ServerOf(req).read_only ? O_NOATIME : 0);
  if (ReplyIfFailed(req, folder)) return;
  List(req, **folder, size, offset, kind);
}

void ReaddirNode(fuse_req_t req, fuse_ino_t node, std::size_t size,
                 off_t offset, fuse_file_info*) {
  ListNode(req, node, size, offset, Listed::kNames);
}

void ReaddirplusNode(fuse_req_t req, fuse_ino_t node, std::size_t size,
                     off_t offset, fuse_file_info*) {
  ListNode(req, node, size, offset, Listed::kEntries);
}

}  // namespace

void AddFolderOps(fuse_lowlevel_ops& ops) {
  ops.opendir = DoOpendir;
  ops.readdir = DoReaddir;
  ops.readdirplus = DoReaddirplus;
  ops.releasedir = DoReleasedir;
  ops.fsyncdir = DoFsyncdir;
}

void SetOpsWithoutFolders(fuse_lowlevel_ops& ops) {
  ops.opendir = NeverAskAgain;
  ops.readdir = ReaddirNode;
  ops.readdirplus = ReaddirplusNode;
  ops.fsyncdir = SyncNode;
  ops.releasedir = nullptr;
}

}  // namespace assayfs
