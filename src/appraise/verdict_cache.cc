// SPDX-License-Identifier: Apache-2.0
// VerdictCache: generations, tickets and limits.
#include "appraise/verdict_cache.h"

#include <deque>
#include <unordered_map>
#include <utility>

namespace assayfs {

struct VerdictCache::State {
  // One file that is remembered, being written, or being hashed.
  struct File {
    std::uint64_t generation = 0;  // moves whenever content may have changed
    unsigned writers = 0;
    unsigned tickets = 0;
    std::shared_ptr<const Content> content;
  };
  // A content in the order of commits; stale once the file has another.
  struct Committed {
    FileId id;
    std::uint64_t content_id;
    // Of its only digest, where many can be looked at quickly; nothing if it
    // has several.
    std::optional<std::uint64_t> beginning;
  };

  State(const Limits& given, bool is_told) : limits(given), tells(is_told) {}

  bool Holds(FileId id, std::uint64_t generation) const {
    const auto it = files.find(id);
    return it != files.end() && it->second.writers == 0 &&
           it->second.generation == generation;
  }

  enum class Tell { kYes, kNo };
  void ForgetContent(FileId id, File& file, Tell tell = Tell::kYes) {
    if (!file.content) return;
    if (tells && tell == Tell::kYes) fallen.push_back(id);
    tag_bytes -= file.content->tags->memory_bytes();
    --contents;
    file.content = nullptr;
  }
  // Forgets the content and makes all tickets that are out worthless.
  void Change(FileId id, File& file, Tell tell = Tell::kYes) {
    ForgetContent(id, file, tell);
    file.generation = ++clock;
  }
  void EraseIfIdle(FileId id) {
    const auto it = files.find(id);
    if (it != files.end() && it->second.writers == 0 &&
        it->second.tickets == 0 && !it->second.content) {
      files.erase(it);
    }
  }
  // Forgets the oldest contents until the limits hold.
  void Trim() {
    while (!order.empty() &&
           (contents > limits.max_files || tag_bytes > limits.max_tag_bytes ||
            order.size() > 2 * limits.max_files)) {
      const Committed oldest = order.front();
      order.pop_front();
      const auto it = files.find(oldest.id);
      if (it == files.end() || !it->second.content ||
          it->second.content->content_id != oldest.content_id) {
        continue;
      }
      ForgetContent(oldest.id, it->second);
      EraseIfIdle(oldest.id);
    }
  }

  Limits limits;
  const bool tells;  // somebody wants to know what fell
  std::unordered_map<FileId, File, FileIdHash> files;
  std::deque<Committed> order;
  std::uint64_t clock = 0;  // gives out generations and content ids
  std::size_t contents = 0;
  std::size_t tag_bytes = 0;
  std::vector<FileId> fallen;  // to be told of
};

WriterGuard::WriterGuard(WriterGuard&& other) noexcept
    : cache_(std::exchange(other.cache_, nullptr)), id_(other.id_) {}

WriterGuard& WriterGuard::operator=(WriterGuard&& other) noexcept {
  if (this != &other) {
    if (cache_ != nullptr) cache_->EndWrite(id_);
    cache_ = std::exchange(other.cache_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

WriterGuard::~WriterGuard() {
  if (cache_ != nullptr) cache_->EndWrite(id_);
}

VerdictCache::Ticket::Ticket(Ticket&& other) noexcept
    : cache_(std::exchange(other.cache_, nullptr)),
      id_(other.id_),
      generation_(other.generation_) {}

VerdictCache::Ticket::~Ticket() {
  if (cache_ != nullptr) cache_->EndTicket(id_);
}

VerdictCache::VerdictCache(const Limits& limits,
                           std::function<void(FileId)> fell)
    : state_(std::make_unique<Guarded<State>>(limits, fell != nullptr)),
      fell_(std::move(fell)) {}

VerdictCache::~VerdictCache() = default;

std::shared_ptr<const Content> VerdictCache::Find(FileId id,
                                                  const Stamp& stamp) {
  const auto find = [&](State& state) -> std::shared_ptr<const Content> {
    const auto it = state.files.find(id);
    if (it == state.files.end() || !it->second.content) return nullptr;
    if (it->second.content->stamp == stamp) return it->second.content;
    state.Change(id, it->second);
    state.EraseIfIdle(id);
    return nullptr;
  };
  auto found = state_->With(find);
  if (!found) TellOfFallen();
  return found;
}

void VerdictCache::TellOfFallen() {
  if (!fell_) return;
  const auto fallen = state_->With(
      [](State& state) { return std::exchange(state.fallen, {}); });
  for (const FileId id : fallen) fell_(id);
}

std::optional<VerdictCache::Ticket> VerdictCache::Begin(FileId id) {
  return state_->With([&](State& state) -> std::optional<Ticket> {
    State::File& file = state.files[id];
    if (file.writers > 0) return std::nullopt;
    if (file.generation == 0) file.generation = ++state.clock;
    ++file.tickets;
    return Ticket(this, id, file.generation);
  });
}

bool VerdictCache::Holds(const Ticket& ticket) const {
  return state_->With([&](const State& state) {
    return state.Holds(ticket.id_, ticket.generation_);
  });
}

std::shared_ptr<const Content> VerdictCache::Commit(const Ticket& ticket,
                                                    Content content) {
  const auto commit = [&](State& state) -> std::shared_ptr<const Content> {
    if (!state.Holds(ticket.id_, ticket.generation_)) return nullptr;
    State::File& file = state.files[ticket.id_];
    state.ForgetContent(ticket.id_, file);
    content.content_id = ++state.clock;
    file.content = std::make_shared<const Content>(std::move(content));
    ++state.contents;
    state.tag_bytes += file.content->tags->memory_bytes();
    const auto& digests = file.content->digests;
    state.order.push_back({ticket.id_, file.content->content_id,
                           digests.size() == 1
                               ? std::optional(digests.front().Beginning())
                               : std::nullopt});
    auto committed = file.content;
    state.Trim();
    return committed;
  };
  auto committed = state_->With(commit);
  TellOfFallen();
  return committed;
}

void VerdictCache::Drop(FileId id) {
  state_->With([&](State& state) {
    const auto it = state.files.find(id);
    if (it == state.files.end()) return;
    state.Change(id, it->second, State::Tell::kNo);
    state.EraseIfIdle(id);
  });
}

void VerdictCache::DropContent(FileId id, std::uint64_t content_id) {
  state_->With([&](State& state) {
    const auto it = state.files.find(id);
    if (it == state.files.end() || !it->second.content ||
        it->second.content->content_id != content_id) {
      return;
    }
    state.Change(id, it->second);
    state.EraseIfIdle(id);
  });
  TellOfFallen();
}

WriterGuard VerdictCache::BeginWrite(FileId id) {
  state_->With([&](State& state) {
    State::File& file = state.files[id];
    state.Change(id, file, State::Tell::kNo);
    ++file.writers;
  });
  return WriterGuard(this, id);
}

void VerdictCache::EndWrite(FileId id) {
  state_->With([&](State& state) {
    State::File& file = state.files[id];
    --file.writers;
    state.Change(id, file);
    state.EraseIfIdle(id);
  });
  TellOfFallen();
}

void VerdictCache::EndTicket(FileId id) {
  state_->With([&](State& state) {
    --state.files[id].tickets;
    state.EraseIfIdle(id);
  });
}

bool VerdictCache::WriterActive(FileId id) const {
  return state_->With([&](const State& state) {
    const auto it = state.files.find(id);
    return it != state.files.end() && it->second.writers > 0;
  });
}

std::size_t VerdictCache::size() const {
  return state_->With([](const State& state) { return state.contents; });
}

VerdictCache::Remembered VerdictCache::Select(
    const std::unordered_set<std::uint64_t>* beginnings) const {
  return state_->With([beginnings](const State& state) {
    Remembered found;
    for (const State::Committed& one : state.order) {
      const bool wanted = beginnings == nullptr || !one.beginning ||
                          beginnings->contains(*one.beginning);
      if (!wanted) continue;
      const auto file = state.files.find(one.id);
      if (file == state.files.end() || !file->second.content) continue;
      const auto& content = file->second.content;
      if (content->content_id == one.content_id) {
        found.emplace_back(one.id, content);
      }
    }
    return found;
  });
}

VerdictCache::Remembered VerdictCache::WithDigests(
    const std::unordered_set<std::uint64_t>& beginnings) const {
  return Select(&beginnings);
}

VerdictCache::Remembered VerdictCache::All() const { return Select(nullptr); }

}  // namespace assayfs
