// SPDX-License-Identifier: Apache-2.0
// InodeTable: which lower file each node id of the kernel stands for.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "appraise/stamp.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "fs/folder_watcher.h"
#include "fs/open_state.h"

namespace assayfs {

// The number by which the kernel knows an inode. Never given out twice.
using NodeId = std::uint64_t;
inline constexpr NodeId kRootNode = 1;  // the kernel's, for the root

// A lower file, opened. Copyable; cheap to pass on.
// Threads: as a shared_ptr.
class LowerRef {
 public:
  // An O_PATH descriptor, borrowed: valid while this lives.
  int fd() const { return fd_->get(); }
  NodeId node() const;
  FileId id() const;
  mode_t type() const;  // the S_IFMT bits; never change

  // The size that the kernel was told last, in bytes; -1 before the first time.
  off_t told_size() const;
  // Notes that it is told another one. False, and not noted, if it was told
  // something else than before in the meantime.
  bool Tell(off_t before, off_t size_bytes) const;

  // Notes that the kernel is told what it may rely on for some time; call
  // before that is looked at.
  void Rely() const;

  // The same file behind another descriptor of it, which is kept as long as the
  // copy; this one's is not.
  LowerRef Behind(UniqueFd fd) const;

  // What is open on the file. Made when it is first asked for; lives as long
  // as the node or what is returned, whichever is longer.
  std::shared_ptr<OpenState> open_state() const;
  // The same, or null if nobody asked for it yet.
  const OpenState* known_open_state() const;

  // Watches this folder for as long as the kernel knows it, and says whether
  // changes in it are heard of. watcher: always the same; must outlive the
  // node.
  bool Watch(FolderWatcher& watcher) const;
  // See FolderWatch; for a folder that is not watched they do nothing.
  void Expect(const char* name) const;
  void Unexpect(const char* name) const;

 private:
  friend class InodeTable;
  struct Node;
  LowerRef(std::shared_ptr<Node> node, std::shared_ptr<const UniqueFd> fd)
      : node_(std::move(node)), fd_(std::move(fd)) {}
  std::shared_ptr<Node> node_;
  std::shared_ptr<const UniqueFd> fd_;
};

// Maps node ids to lower files and counts the kernel's lookups of each.
//
// The kernel may remember millions of files, of which only those used last
// keep a descriptor. Another file is opened again when it is asked for: by its
// file handle, or, where the file system gives none or we may not use it, by
// the name that it was last found under.
//
// Threads: safe. No I/O is done with the lock held.
class InodeTable {
 public:
  // root_fd: an O_PATH descriptor of the tree's root; duplicated.
  // max_fds: how many descriptors to keep, at least 1. Files that were removed
  // through the mount while the kernel knew them keep theirs beside these.
  // Errors: those of fcntl(2) and fstat(2).
  static Result<std::unique_ptr<InodeTable>> Create(int root_fd,
                                                    std::size_t max_fds);
  ~InodeTable();

  // Errors: ESTALE for an id that is not known (any more), and for a file that
  // was removed, or where there are no handles also renamed, below the mount;
  // those of open(2).
  Result<LowerRef> Get(NodeId node) { return Get(node, kMostFolders); }

  // Returns the node of the file behind fd, an O_PATH descriptor, and counts
  // one lookup of it. info: of that file. folder, name: where it was found;
  // an empty name if it has none: then fd is kept until it is forgotten.
  LowerRef Remember(UniqueFd fd, const struct stat& info, NodeId folder,
                    std::string name);

  // Notes under which name a file is found from now on, if it is known.
  void Moved(FileId id, NodeId folder, std::string name);

  // Keeps fd, an O_PATH descriptor, for a file that is known and about to lose
  // its last name, until it is forgotten or released.
  void Pin(FileId id, UniqueFd fd);
  void Release(FileId id);

  // Takes back count lookups; with the last one the node goes, unless it is
  // the root. Memory of many nodes that went is given back to the system.
  void Forget(NodeId node, std::uint64_t count);

  // Forgets everything but the root.
  void Clear();

  // The node of a lower file, if the kernel knows it.
  std::optional<NodeId> Find(FileId id) const;

  // Says whether the folder is watched that a file was last found in.
  bool IsInWatchedFolder(const LowerRef& file) const;

  // Where a node was last found; nothing if it is not known.
  struct Place {
    mode_t type;  // the S_IFMT bits
    NodeId folder;
    std::string name;  // empty if it has none
  };
  std::optional<Place> PlaceOf(NodeId node) const;

  // Says whether the kernel may rely on something that it was told of a node
  // since this was asked last; see LowerRef::Rely.
  bool StopRelying(NodeId node) const;

  // All nodes that the kernel knows.
  std::vector<NodeId> Nodes() const;

  std::size_t size() const;         // nodes, the root included
  std::size_t descriptors() const;  // that are kept

 private:
  using Node = LowerRef::Node;
  struct State;
  struct Mounts;
  // How many folders a name may lie below that itself are opened by name.
  // Names that were noted at different times, of a tree that changes below,
  // may form a ring.
  static constexpr unsigned kMostFolders = 512;

  explicit InodeTable(std::size_t max_fds);
  Result<LowerRef> Get(NodeId number, unsigned folders_left);
  Result<UniqueFd> Reopen(const Node& node, unsigned folders_left);
  Result<UniqueFd> OpenByName(const Node& node, unsigned folders_left);

  std::unique_ptr<State> state_;
  std::unique_ptr<Mounts> mounts_;
};

}  // namespace assayfs
