// SPDX-License-Identifier: Apache-2.0
// InodeTable: lookup counts.
#include "fs/inode_table.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace assayfs {

Result<std::unique_ptr<InodeTable>> InodeTable::Create(int root_fd) {
  UniqueFd fd(::fcntl(root_fd, F_DUPFD_CLOEXEC, 0));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return Fail(Error::FromErrno("root of the tree"));
  }
  std::unique_ptr<InodeTable> table(new InodeTable);
  table->state_.With([&](State& state) {
    auto node = std::make_shared<Node>(kRootNode, IdOf(info),
                                       info.st_mode & S_IFMT, std::move(fd));
    state.by_id[node->id] = kRootNode;
    state.by_number[kRootNode] = {std::move(node), 1};
  });
  return table;
}

Result<LowerRef> InodeTable::Get(NodeId number) const {
  auto node = state_.With([number](const State& state) {
    const auto it = state.by_number.find(number);
    return it == state.by_number.end() ? nullptr : it->second.node;
  });
  if (!node) return Fail(ESTALE, "unknown node");
  return LowerRef(std::move(node));
}

LowerRef InodeTable::Remember(UniqueFd fd, const struct stat& info) {
  const FileId id = IdOf(info);
  // A known file needs neither of these; they are released without the lock.
  auto fresh =
      std::make_shared<Node>(0, id, info.st_mode & S_IFMT, std::move(fd));
  return LowerRef(state_.With([&](State& state) {
    const auto it = state.by_id.find(id);
    if (it != state.by_id.end()) {
      Slot& slot = state.by_number.at(it->second);
      ++slot.lookups;
      return slot.node;
    }
    fresh->number = ++state.last;
    state.by_id[id] = fresh->number;
    state.by_number[fresh->number] = {fresh, 1};
    return fresh;
  }));
}

void InodeTable::Forget(NodeId number, std::uint64_t count) {
  if (number == kRootNode) return;
  // What comes back is closed after the lock was given up.
  const auto gone = state_.With([&](State& state) -> std::shared_ptr<Node> {
    const auto it = state.by_number.find(number);
    if (it == state.by_number.end()) return nullptr;
    it->second.lookups -= std::min(count, it->second.lookups);
    if (it->second.lookups > 0) return nullptr;
    auto node = std::move(it->second.node);
    state.by_id.erase(node->id);
    state.by_number.erase(it);
    return node;
  });
}

void InodeTable::Clear() {
  const auto gone = state_.With([](State& state) {
    auto all = std::exchange(state.by_number, {});
    state.by_id.clear();
    Slot root = all.at(kRootNode);
    state.by_id[root.node->id] = kRootNode;
    state.by_number[kRootNode] = std::move(root);
    return all;
  });
}

std::optional<NodeId> InodeTable::Find(FileId id) const {
  return state_.With([id](const State& state) -> std::optional<NodeId> {
    const auto it = state.by_id.find(id);
    if (it == state.by_id.end()) return std::nullopt;
    return it->second;
  });
}

std::size_t InodeTable::size() const {
  return state_.With([](const State& state) { return state.by_number.size(); });
}

}  // namespace assayfs
