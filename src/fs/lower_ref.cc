// SPDX-License-Identifier: Apache-2.0
// LowerRef: what may be asked and noted of a node without the table's lock.
#include "fs/lower_ref.h"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "fs/lower_node.h"

namespace assayfs {
namespace {

// Begins anew after some weeks; never 0.
std::uint32_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(
             std::chrono::duration_cast<std::chrono::milliseconds>(now)
                 .count()) |
         1U;
}

}  // namespace

NodeId LowerRef::node() const { return node_->number; }
FileId LowerRef::id() const { return node_->id; }
mode_t LowerRef::type() const { return node_->type; }

off_t LowerRef::told_size() const { return node_->told_size; }
bool LowerRef::Tell(off_t before, off_t size_bytes) const {
  return node_->told_size.compare_exchange_strong(before, size_bytes);
}

void LowerRef::Rely() const { node_->relied_on = true; }

void LowerRef::ChangesAttributes() const { node_->changed_ms = NowMs(); }

bool LowerRef::ChangedAttributes() const {
  const std::uint32_t changed = node_->changed_ms;
  return changed != 0 && NowMs() - changed < FolderWatcher::kAgain.count();
}

void LowerRef::TellPrivileges(mode_t mode) const {
  const mode_t bits = mode & (S_ISUID | S_ISGID);
  if (bits != 0) node_->told_privileges |= bits;
}

mode_t LowerRef::told_privileges() const { return node_->told_privileges; }

bool LowerRef::WasToldOnly(mode_t mode) const {
  if ((node_->told_privileges & ~mode) == 0) return true;
  node_->told_privileges &= mode;
  return false;
}

LowerRef LowerRef::Behind(UniqueFd fd) const {
  return {node_, std::make_shared<const UniqueFd>(std::move(fd))};
}

std::shared_ptr<OpenState> LowerRef::open_state() const {
  OpenState* state = node_->state.load();
  if (state == nullptr) {
    auto fresh = std::make_unique<OpenState>();
    if (node_->state.compare_exchange_strong(state, fresh.get())) {
      state = fresh.release();
    }
  }
  return {node_, state};
}

const OpenState* LowerRef::known_open_state() const {
  return node_->state.load();
}

bool LowerRef::Watch(FolderWatcher& watcher) const {
  FolderWatch* watch = node_->watch.load();
  if (watch == nullptr) {
    auto fresh = watcher.Watch(fd(), node());
    if (node_->watch.compare_exchange_strong(watch, fresh.get())) {
      watch = fresh.release();
    }
  }
  return watch->watches();
}

void LowerRef::Expect(const char* name) const {
  const FolderWatch* const watch = node_->watch.load();
  if (watch != nullptr) watch->Expect(name);
}

void LowerRef::Unexpect(const char* name) const {
  const FolderWatch* const watch = node_->watch.load();
  if (watch != nullptr) watch->Unexpect(name);
}

}  // namespace assayfs
