// SPDX-License-Identifier: Apache-2.0
// What changes below a mount mean for what the kernel keeps of it.
#include "fs/hear_of.h"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

using Kind = FolderWatcher::Change::Kind;

// The number of what a name leads to now; nothing if the name is gone.
std::optional<FileId> IdBehind(const LowerRef& folder,
                               const std::string& name) {
  const UniqueFd fd(
      ::openat(folder.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return std::nullopt;
  const auto file = StampFile(fd.get());
  return file ? std::optional(file->id) : std::nullopt;
}

// The kernel knows, or is about to be told, of a change that was made through
// this mount, unless another one followed it. And on what it made there others
// may have mounted something: that must stay.
void HearOfName(const Server& server, const LowerRef& folder,
                const std::string& name, bool expected,
                std::optional<FileId> id) {
  const KernelCache& kernel = *server.kernel;
  const auto node = id ? server.table->Find(*id) : std::nullopt;
  const auto place = node ? server.table->PlaceOf(*node) : std::nullopt;
  const bool is_known =
      place && place->folder == folder.node() && place->name == name;
  if (expected && (is_known || !node)) return;
  if (is_known || expected) {
    kernel.DoubtName(folder.node(), name);
  } else {
    kernel.ForgetName(folder.node(), name);
  }
  kernel.Drop(folder.node());
  if (node) TakeAttributesBack(server, *node);  // its links, and its times
}

void DoubtNamesIn(const KernelCache& kernel, const LowerRef& folder) {
  constexpr std::size_t kAtOnce = 128;
  const auto open = OpenFolder::Open(folder, O_NOATIME);
  if (!open) return;
  for (off_t offset = 0;;) {
    const auto items = (*open)->List(offset, kAtOnce);
    if (!items || items->empty()) return;
    for (const OpenFolder::Item& item : *items) {
      kernel.DoubtName(folder.node(), item.name);
    }
    offset = items->back().next_offset;
  }
}

// Every name that is known may be gone, and every one that is there may have
// been looked for in vain before.
void HearOfAnything(const Server& server) {
  const KernelCache& kernel = *server.kernel;
  for (const NodeId node : server.table->Nodes()) {
    const auto place = server.table->PlaceOf(node);
    if (!place) continue;
    if (!place->name.empty()) kernel.DoubtName(place->folder, place->name);
    TakeAttributesBack(server, node);
    if (!S_ISDIR(place->type)) continue;
    if (const auto folder = server.table->Get(node)) {
      DoubtNamesIn(kernel, *folder);
    }
    kernel.Drop(node);
  }
}

// Where the change is ours, the kernel is about to ask. Taken back in that
// moment, it would ignore the answer and go on with the mode that it had: to
// whom the change takes a permission, it would still give it. What another
// changed just then, too, is told again.
void HearOfAttributes(const Server& server, NodeId node) {
  const auto file = server.table->Get(node);
  if (file && file->ChangedAttributes()) return;
  TakeAttributesBack(server, node);
}

}  // namespace

void HearOf(Server& server, const FolderWatcher::Change& change) {
  if (change.kind == Kind::kAnything) return HearOfAnything(server);
  if (change.kind == Kind::kSelf) {
    return HearOfAttributes(server, change.folder);
  }
  const auto folder = server.table->Get(change.folder);
  if (!folder) return;
  const auto id = IdBehind(*folder, change.name);
  if (change.kind == Kind::kName) {
    return HearOfName(server, *folder, change.name, change.expected, id);
  }
  if (!id) return;
  // Of what is written through this mount, the kernel asks by itself.
  const bool by_us = change.kind == Kind::kContent && !server.read_only &&
                     server.appraiser.IsWritten(*id);
  const auto node = server.table->Find(*id);
  if (!node || by_us) return;
  if (change.kind == Kind::kAttributes) {
    HearOfAttributes(server, *node);
  } else {
    TakeAttributesBack(server, *node);
  }
}

}  // namespace assayfs
