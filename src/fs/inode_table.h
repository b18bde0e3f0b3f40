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
#include "fs/lower_ref.h"

namespace assayfs {

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
  // the root, and its file is returned. Memory of many nodes that went is given
  // back to the system.
  std::optional<FileId> Forget(NodeId node, std::uint64_t count);

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
