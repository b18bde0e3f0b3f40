// SPDX-License-Identifier: Apache-2.0
// LowerRef: a lower file that the kernel knows as a node.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "appraise/stamp.h"
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

  // Notes that we are about to change attributes of which the kernel hears in
  // no answer: it asks for them after that.
  void ChangesAttributes() const;
  // Says whether that was less than FolderWatcher::kAgain ago.
  bool ChangedAttributes() const;

  // Notes the set-user-ID and set-group-ID bits of a mode that the kernel is
  // about to be told. All of them since they were last taken, in any order.
  void TellPrivileges(mode_t mode) const;
  mode_t told_privileges() const;
  // Says whether there are none but those in mode, and forgets the others.
  bool WasToldOnly(mode_t mode) const;

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

}  // namespace assayfs
