// SPDX-License-Identifier: Apache-2.0
// InodeTable: which lower file each node id of the kernel stands for.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "appraise/stamp.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "fs/open_state.h"

namespace assayfs {

// The number by which the kernel knows an inode. Never given out twice.
using NodeId = std::uint64_t;
inline constexpr NodeId kRootNode = 1;  // the kernel's, for the root

// A lower file, kept reachable while this lives. Copyable; cheap to pass on.
// Threads: as a shared_ptr.
class LowerRef {
 public:
  // An O_PATH descriptor, borrowed: valid while this lives.
  int fd() const { return node_->fd.get(); }
  NodeId node() const { return node_->number; }
  FileId id() const { return node_->id; }
  mode_t type() const { return node_->type; }  // the S_IFMT bits; never change
  OpenState& open_state() const { return node_->open_state; }

 private:
  friend class InodeTable;
  struct Node {
    Node(NodeId given, FileId lower, mode_t bits, UniqueFd owned)
        : number(given), id(lower), type(bits), fd(std::move(owned)) {}

    NodeId number;
    FileId id;
    mode_t type;
    UniqueFd fd;  // pins the inode, so that its number is not used again
    OpenState open_state;
  };
  explicit LowerRef(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  std::shared_ptr<Node> node_;
};

// Maps node ids to lower files and counts the kernel's lookups of each.
//
// Threads: safe. No I/O is done with the lock held.
class InodeTable {
 public:
  // root_fd: an O_PATH descriptor of the tree's root; duplicated.
  // Errors: those of fcntl(2) and fstat(2).
  static Result<std::unique_ptr<InodeTable>> Create(int root_fd);

  // Errors: ESTALE for an id that is not known (any more).
  Result<LowerRef> Get(NodeId node) const;

  // Returns the node of the file behind fd, an O_PATH descriptor, and counts
  // one lookup of it. info: of that file.
  LowerRef Remember(UniqueFd fd, const struct stat& info);

  // Takes back count lookups; with the last one the node goes, unless it is
  // the root.
  void Forget(NodeId node, std::uint64_t count);

  // Forgets everything but the root.
  void Clear();

  // The node of a lower file, if the kernel knows it.
  std::optional<NodeId> Find(FileId id) const;

  std::size_t size() const;  // nodes, the root included

 private:
  using Node = LowerRef::Node;
  struct Slot {
    std::shared_ptr<Node> node;
    std::uint64_t lookups = 0;
  };
  struct State {
    std::unordered_map<NodeId, Slot> by_number;
    std::unordered_map<FileId, NodeId, FileIdHash> by_id;
    NodeId last = kRootNode;
  };
  InodeTable() = default;

  Guarded<State> state_;
};

}  // namespace assayfs
