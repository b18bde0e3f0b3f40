// SPDX-License-Identifier: Apache-2.0
// InodeTable: lookup counts, and descriptors for the files used last.
#include "fs/inode_table.h"

#include <fcntl.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/file_handle.h"
#include "base/guarded.h"
#include "fs/lower_node.h"

namespace assayfs {

namespace {

// Each time so many nodes were forgotten, memory is given back to the system.
// That costs about a hundredth of what it costs to forget them.
constexpr std::size_t kTrimNodes = 16384;

}  // namespace

struct InodeTable::State {
  using NodePtr = std::shared_ptr<Node>;
  // Sets, not maps, because the keys are in the nodes.
  struct ByNumber {
    using is_transparent = void;
    static NodeId Key(NodeId number) { return number; }
    static NodeId Key(const NodePtr& node) { return node->number; }
    std::size_t operator()(const auto& of) const noexcept { return Key(of); }
    bool operator()(const auto& a, const auto& b) const noexcept {
      return Key(a) == Key(b);
    }
  };
  struct ById {
    using is_transparent = void;
    static const FileId& Key(const FileId& id) { return id; }
    static const FileId& Key(const Node* node) { return node->id; }
    std::size_t operator()(const auto& of) const noexcept {
      return FileIdHash{}(Key(of));
    }
    bool operator()(const auto& a, const auto& b) const noexcept {
      return Key(a) == Key(b);
    }
  };
  struct Nodes {
    std::unordered_set<NodePtr, ByNumber, ByNumber> by_number;
    std::unordered_set<Node*, ById, ById> by_id;
    std::list<Node*> last_used;  // that keep a descriptor, the latest last
    NodeId last = kRootNode;
    std::size_t forgotten = 0;  // nodes, since memory was last given back

    Node* Find(const FileId& id) const {
      const auto it = by_id.find(id);
      return it == by_id.end() ? nullptr : *it;
    }
    NodePtr Find(NodeId number) const {
      const auto it = by_number.find(number);
      return it == by_number.end() ? nullptr : *it;
    }
    // Takes the node's descriptor away, for the caller to let go.
    std::shared_ptr<const UniqueFd> Drop(Node& node) {
      if (node.fd && !node.pinned) last_used.erase(node.last_used);
      node.pinned = false;
      return std::exchange(node.fd, nullptr);
    }
    // Gives the node a descriptor. Returns one to let go.
    std::shared_ptr<const UniqueFd> Keep(Node& node,
                                         std::shared_ptr<const UniqueFd> fd,
                                         std::size_t max) {
      if (node.fd) return fd;
      std::shared_ptr<const UniqueFd> gone;
      if (last_used.size() >= max) gone = Drop(*last_used.front());
      node.fd = std::move(fd);
      node.last_used = last_used.insert(last_used.end(), &node);
      return gone;
    }
    // Gives the node, which has none, a descriptor that stays.
    static void Pin(Node& node, std::shared_ptr<const UniqueFd> fd) {
      node.fd = std::move(fd);
      node.pinned = true;
    }
    void Touch(const Node& node) {
      if (node.fd && !node.pinned) {
        last_used.splice(last_used.end(), last_used, node.last_used);
      }
    }
  };

  const std::size_t max_fds;
  Guarded<Nodes> nodes;
};

// A descriptor for each lower mount whose files can be opened by handle.
struct InodeTable::Mounts {
  // Returns the descriptor for the mount of a file; -1 if its files cannot be
  // opened by handle. Mounts are few, and found once.
  int Find(const FileHandle& handle, int fd) {
    const std::lock_guard lock(mutex);
    const auto known = fds.find(handle.mount_id());
    if (known != fds.end()) return known->second.get();
    UniqueFd mount(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // The root of a mount that is a single file: its folder lies elsewhere.
    if (!mount) return -1;
    if (!handle.Open(mount.get(), O_PATH)) mount.Reset();
    return fds.emplace(handle.mount_id(), std::move(mount)).first->second.get();
  }
  int Known(int mount_id) const {
    const std::lock_guard lock(mutex);
    const auto known = fds.find(mount_id);
    return known == fds.end() ? -1 : known->second.get();
  }

  mutable std::mutex mutex;
  std::unordered_map<int, UniqueFd> fds;  // entries are never taken away
};

InodeTable::InodeTable(std::size_t max_fds)
    : state_(new State{max_fds, Guarded<State::Nodes>()}),
      mounts_(std::make_unique<Mounts>()) {}

InodeTable::~InodeTable() = default;

Result<std::unique_ptr<InodeTable>> InodeTable::Create(int root_fd,
                                                       std::size_t max_fds) {
  UniqueFd fd(::fcntl(root_fd, F_DUPFD_CLOEXEC, 0));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return Fail(Error::FromErrno("root of the tree"));
  }
  std::unique_ptr<InodeTable> table(new InodeTable(max_fds));
  const auto handle = FileHandle::Of(fd.get());
  if (handle) table->mounts_->Find(*handle, fd.get());
  auto root = std::make_shared<Node>(kRootNode, IdOf(info, handle),
                                     info.st_mode & S_IFMT);
  root->lookups = 1;
  State::Nodes::Pin(*root, std::make_shared<const UniqueFd>(std::move(fd)));
  table->state_->nodes.With([&](State::Nodes& nodes) {
    nodes.by_id.insert(root.get());
    nodes.by_number.insert(std::move(root));
  });
  return table;
}

Result<LowerRef> InodeTable::Get(NodeId number, unsigned folders_left) {
  std::shared_ptr<Node> node;
  std::shared_ptr<const UniqueFd> fd;
  state_->nodes.With([&](State::Nodes& nodes) {
    node = nodes.Find(number);
    if (!node) return;
    nodes.Touch(*node);
    fd = node->fd;
  });
  if (!node) return Fail(ESTALE, "unknown node");
  if (fd) return LowerRef(std::move(node), std::move(fd));
  auto opened = Reopen(*node, folders_left);
  if (!opened) return Fail(std::move(opened).error());
  fd = std::make_shared<const UniqueFd>(std::move(*opened));
  const auto gone = state_->nodes.With([&](State::Nodes& nodes) {
    // Forgotten meanwhile, it must not be kept.
    if (!nodes.Find(number)) return std::shared_ptr<const UniqueFd>();
    return nodes.Keep(*node, fd, state_->max_fds);
  });
  return LowerRef(std::move(node), std::move(fd));
}

Result<UniqueFd> InodeTable::Reopen(const Node& node, unsigned folders_left) {
  const int mount = node.handle ? mounts_->Known(node.handle->mount_id()) : -1;
  if (mount < 0) return OpenByName(node, folders_left);
  // By its handle a folder is found where it stands. Another file may come
  // without a path, which records are to show.
  if (!S_ISDIR(node.type)) {
    if (auto named = OpenByName(node, folders_left)) return named;
  }
  return node.handle->Open(mount, O_PATH);
}

Result<UniqueFd> InodeTable::OpenByName(const Node& node,
                                        unsigned folders_left) {
  auto [folder_node, name] = state_->nodes.With(
      [&](const State::Nodes&) { return std::pair(node.folder, node.name); });
  if (name.empty() || folders_left == 0) return Fail(ESTALE, "no name");
  const auto folder = Get(folder_node, folders_left - 1);
  if (!folder) return Fail(folder.error());
  UniqueFd fd(
      ::openat(folder->fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    // That the name is gone says nothing of the node.
    if (errno == ENOENT || errno == ENOTDIR) return Fail(ESTALE, "it is gone");
    return Fail(Error::FromErrno("open"));
  }
  if (IdOf(info, FileHandle::Of(fd.get())) != node.id)
    return Fail(ESTALE, "another file");
  return fd;
}

LowerRef InodeTable::Remember(UniqueFd owned, const struct stat& info,
                              NodeId folder, std::string name) {
  std::optional<FileHandle> handle = FileHandle::Of(owned.get());
  const FileId id = IdOf(info, handle);
  const mode_t type = info.st_mode & S_IFMT;
  if (handle && mounts_->Known(handle->mount_id()) < 0 &&
      (!S_ISDIR(type) || mounts_->Find(*handle, owned.get()) < 0)) {
    handle = std::nullopt;
  }
  const auto fd = std::make_shared<const UniqueFd>(std::move(owned));
  const bool nameless = name.empty();
  // What is let go is closed after the lock was given up.
  std::shared_ptr<const UniqueFd> gone;
  auto node = state_->nodes.With([&](State::Nodes& nodes) {
    Node* known = nodes.Find(id);
    if (known != nullptr && known->type != type) {
      // The inode was used again below; the old node stays until forgotten.
      nodes.by_id.erase(known);
      known = nullptr;
    }
    if (known == nullptr) {
      auto fresh = std::make_shared<Node>(++nodes.last, id, type);
      fresh->handle = std::move(handle);
      known = fresh.get();
      nodes.by_id.insert(known);
      nodes.by_number.insert(std::move(fresh));
    }
    ++known->lookups;
    if (!nameless) {
      known->folder = folder;
      known->name = std::move(name);
    }
    if (nameless) {
      gone = nodes.Drop(*known);
      nodes.Pin(*known, fd);
    } else {
      gone = nodes.Keep(*known, fd, state_->max_fds);
      nodes.Touch(*known);
    }
    return nodes.Find(known->number);
  });
  return LowerRef(std::move(node), fd);
}

void InodeTable::Moved(FileId id, NodeId folder, std::string name) {
  state_->nodes.With([&](State::Nodes& nodes) {
    Node* const node = nodes.Find(id);
    if (node == nullptr) return;
    node->folder = folder;
    node->name = std::move(name);
  });
}

void InodeTable::Pin(FileId id, UniqueFd owned) {
  auto fd = std::make_shared<const UniqueFd>(std::move(owned));
  const auto gone = state_->nodes.With([&](State::Nodes& nodes) {
    Node* const node = nodes.Find(id);
    if (node == nullptr || node->pinned) return std::move(fd);
    auto old = nodes.Drop(*node);
    nodes.Pin(*node, std::move(fd));
    return old;
  });
}

void InodeTable::Release(FileId id) {
  const auto gone = state_->nodes.With([&](State::Nodes& nodes) {
    Node* const node = nodes.Find(id);
    if (node == nullptr || !node->pinned || node->number == kRootNode) {
      return std::shared_ptr<const UniqueFd>();
    }
    return nodes.Drop(*node);
  });
}

std::optional<FileId> InodeTable::Forget(NodeId number, std::uint64_t count) {
  if (number == kRootNode) return std::nullopt;
  bool trim = false;
  std::optional<FileId> file;
  {
    // What comes back is closed after the lock was given up.
    std::shared_ptr<const UniqueFd> fd;
    const auto gone = state_->nodes.With([&](State::Nodes& nodes) {
      auto node = nodes.Find(number);
      if (!node) return node;
      node->lookups -= std::min(count, node->lookups);
      if (node->lookups > 0) return std::shared_ptr<Node>();
      fd = nodes.Drop(*node);
      if (nodes.Find(node->id) == node.get()) nodes.by_id.erase(node.get());
      nodes.by_number.erase(node);
      trim = ++nodes.forgotten % kTrimNodes == 0;
      file = node->id;
      return node;
    });
  }
  if (trim) ::malloc_trim(0);
  return file;
}

void InodeTable::Clear() {
  const auto gone = state_->nodes.With([](State::Nodes& nodes) {
    auto root = nodes.Find(kRootNode);
    nodes.last_used.clear();
    auto all = std::exchange(nodes.by_number, {});
    nodes.by_id.clear();
    nodes.by_id.insert(root.get());
    nodes.by_number.insert(std::move(root));
    return all;
  });
}

std::optional<NodeId> InodeTable::Find(FileId id) const {
  return state_->nodes.With([id](const State::Nodes& nodes) {
    const Node* const node = nodes.Find(id);
    return node == nullptr ? std::nullopt : std::optional(node->number);
  });
}

bool InodeTable::IsInWatchedFolder(const LowerRef& file) const {
  return state_->nodes.With([&file](const State::Nodes& nodes) {
    const auto folder = nodes.Find(file.node_->folder);
    return folder && folder->is_watched();
  });
}

std::optional<InodeTable::Place> InodeTable::PlaceOf(NodeId number) const {
  return state_->nodes.With(
      [number](const State::Nodes& nodes) -> std::optional<Place> {
        const auto node = nodes.Find(number);
        if (!node) return std::nullopt;
        return Place{node->type, node->folder, node->name};
      });
}

bool InodeTable::StopRelying(NodeId number) const {
  return state_->nodes.With([number](const State::Nodes& nodes) {
    const auto node = nodes.Find(number);
    return node && node->relied_on.exchange(false);
  });
}

std::vector<NodeId> InodeTable::Nodes() const {
  return state_->nodes.With([](const State::Nodes& nodes) {
    std::vector<NodeId> numbers;
    numbers.reserve(nodes.by_number.size());
    for (const auto& node : nodes.by_number) numbers.push_back(node->number);
    return numbers;
  });
}

std::size_t InodeTable::size() const {
  return state_->nodes.With(
      [](const State::Nodes& nodes) { return nodes.by_number.size(); });
}

std::size_t InodeTable::descriptors() const {
  return state_->nodes.With(
      [](const State::Nodes& nodes) { return nodes.last_used.size(); });
}

}  // namespace assayfs
