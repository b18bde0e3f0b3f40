// SPDX-License-Identifier: Apache-2.0
// What is kept of a node: for LowerRef and InodeTable alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/file_handle.h"
#include "fs/lower_ref.h"

namespace assayfs {

// Kept small: there may be millions. What is not const is guarded by the lock
// of the table, or atomic.
struct LowerRef::Node {
  Node(NodeId given, FileId lower, mode_t bits)
      : number(given), id(lower), type(bits) {}
  ~Node() {
    delete state.load();
    delete watch.load();
  }
  bool is_watched() const {
    const FolderWatch* const known = watch.load();
    return known != nullptr && known->watches();
  }

  const NodeId number;
  const FileId id;
  const mode_t type;
  bool pinned = false;  // keeps fd, which is not among those used last
  std::optional<FileHandle> handle;
  std::uint64_t lookups = 0;
  NodeId folder = 0;
  std::string name;
  std::shared_ptr<const UniqueFd> fd;         // null if it is not kept
  std::list<Node*>::iterator last_used;       // valid if fd and not pinned
  std::atomic<OpenState*> state = nullptr;    // owned
  std::atomic<FolderWatch*> watch = nullptr;  // owned; null until asked for
  std::atomic<off_t> told_size = -1;
  std::atomic<bool> relied_on = false;
  std::atomic<mode_t> told_privileges = 0;
  std::atomic<std::uint32_t> changed_ms = 0;  // as of NowMs; 0: never
};

}  // namespace assayfs
