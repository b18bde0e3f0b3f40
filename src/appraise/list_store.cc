// SPDX-License-Identifier: Apache-2.0
// ListStore: loading, publishing and following changes.
#include "appraise/list_store.h"

#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "appraise/list_watcher.h"
#include "base/parallel.h"
#include "base/unique_fd.h"
#include "crypto/hasher.h"

namespace assayfs {
namespace {

using VerifierPtr = std::shared_ptr<const SignatureVerifier>;
using Change = ListWatcher::Change;

// What one reading of a source gave.
struct SourceState {
  DigestIndex::Lists lists;
  std::vector<ListStore::RejectedList> rejected;
  std::optional<Error> unreadable;  // the source as a whole
};

// Says whether one of the changes is, or may be, about a list.
bool Concern(const std::set<Change>& changes, const LoadedList& list) {
  return changes.contains({list.source, {}}) ||
         changes.contains({list.source, list.name});
}

// The lists that no change concerns, by name.
std::unordered_map<std::string, std::shared_ptr<const LoadedList>> Unchanged(
    const SourceState* previous, const std::set<Change>& changes) {
  std::unordered_map<std::string, std::shared_ptr<const LoadedList>> unchanged;
  if (previous == nullptr) return unchanged;
  for (const auto& list : previous->lists) {
    if (!Concern(changes, *list)) unchanged.emplace(list->name, list);
  }
  return unchanged;
}

// Lists that are in memory as they are stored, until they are checked.
constexpr std::size_t kMostRaw = 256;
constexpr std::size_t kMostRawBytes = std::size_t{64} << 20;

// One raw list: what an earlier reading made of the very same bytes, or else
// what came out of checking it.
struct Checked {
  std::shared_ptr<const LoadedList> known;
  std::optional<Result<LoadedList>> fresh;  // if not known
};

Checked CheckOne(const RawList& raw, const SourceState* previous,
                 const SignatureVerifier& verifier, const ListRules& rules) {
  if (previous != nullptr && raw.bytes) {
    const auto sha256 = HashBytes(HashAlgorithm::kSha256, *raw.bytes);
    const auto same = std::ranges::find_if(previous->lists, [&](const auto& l) {
      return sha256 && l->sha256 == *sha256 && l->origin == raw.origin;
    });
    if (same != previous->lists.end()) return {.known = *same, .fresh = {}};
  }
  return {.known = nullptr, .fresh = CheckList(raw, verifier, rules)};
}

// Reading, checking and sorting lists takes as much memory as keeping them, and
// may not be needed again for days.
void GiveMemoryBack() { ::malloc_trim(0); }

}  // namespace

struct ListStore::Impl {
  Impl(Options given, Measurer& to, ListWatcher watch)
      : options(std::move(given)), measurer(to), watcher(std::move(watch)) {}

  // Reads the numbered source anew. previous: what to take over from; null to
  // check every list again. changes: since previous; what they do not concern
  // is not read.
  SourceState LoadSource(std::size_t source, const SourceState* previous,
                         const std::set<Change>& changes,
                         const SignatureVerifier& verifier);
  // Checks raw lists, several at a time; measures them and adds them to state,
  // one after the other.
  void LoadBatch(const std::vector<RawList>& batch, std::size_t source,
                 const SourceState* previous, const SignatureVerifier& keys,
                 SourceState& state);
  // Publishes sources as the index. Requires loading.
  void Publish(std::uint64_t target);
  // Puts an index in the place of the one there is. Requires mutex.
  void Replace(const DigestIndex& fresh);
  // Frees the memory of lists that were taken out of the index.
  void Compact();
  // Takes in what the watcher has to tell. Requires mutex.
  void Drain();
  bool IsDropped(const LoadedList& list) const;
  void LoadChanged();
  void Follow();
  // Tells of what went; with kLast for the last time.
  enum class Tell { kFirst, kLast };
  void TellOfGone(Tell tell);

  // Held while the listener is called. Taken after loading, before mutex.
  std::mutex listening;
  GoneListener listener;

  const Options options;
  Measurer& measurer;
  UniqueFd wake;
  std::thread thread;
  std::atomic<bool> stopping = false;

  // Held for a whole reading of sources: one at a time. Taken before mutex.
  std::mutex loading;
  VerifierPtr verifier;              // guarded by loading
  std::vector<SourceState> sources;  // guarded by loading

  // Guards what follows; never held while a list is read or measured.
  mutable std::mutex mutex;
  std::condition_variable loaded_more;
  ListWatcher watcher;
  std::shared_ptr<const DigestIndex> index;
  DigestIndex::Lists gone;  // from the index, and not told of for the last time
  std::vector<RejectedList> rejected;
  std::set<Change> pending;   // told of, not read yet
  std::uint64_t noticed = 0;  // counts the times that pending grew
  std::uint64_t loaded = 0;   // value of noticed up to which all is read
  std::uint64_t epoch = 0;
};

void ListStore::Impl::LoadBatch(const std::vector<RawList>& batch,
                                std::size_t source, const SourceState* previous,
                                const SignatureVerifier& keys,
                                SourceState& state) {
  std::vector<Checked> checked(batch.size());
  ForAllInParallel(batch.size(), [&](std::size_t i) {
    checked[i] = CheckOne(batch[i], previous, keys, options.rules);
  });
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (checked[i].known) {
      state.lists.push_back(std::move(checked[i].known));
      continue;
    }
    Result<LoadedList>& fresh = *checked[i].fresh;
    const auto measured = fresh ? MeasureList(*fresh, measurer)
                                : Result<void>(Fail(fresh.error()));
    if (!measured) {
      state.rejected.push_back({batch[i].name, measured.error().message()});
      continue;
    }
    fresh->source = source;
    state.lists.push_back(
        std::make_shared<const LoadedList>(std::move(*fresh)));
  }
}

SourceState ListStore::Impl::LoadSource(std::size_t source,
                                        const SourceState* previous,
                                        const std::set<Change>& changes,
                                        const SignatureVerifier& keys) {
  SourceState state;
  const ListSource& place = options.sources[source];
  const std::string& label = place.label.empty() ? place.path : place.label;
  // Watch before reading: what changes in between is told of and read again.
  const auto watched = [&] {
    const std::lock_guard lock(mutex);
    return watcher.Watch(source, place.path,
                         place.read ? ListWatcher::Holds::kDatabase
                                    : ListWatcher::Holds::kLists);
  }();
  if (!watched) state.rejected.push_back({label, watched.error().message()});
  std::vector<RawList> batch;
  std::size_t batch_bytes = 0;
  const auto load_batch = [&] {
    LoadBatch(batch, source, previous, keys, state);
    batch.clear();
    batch_bytes = 0;
  };
  // Of a source that is not watched, anything may have changed.
  const auto unchanged = Unchanged(watched ? previous : nullptr, changes);
  const auto take_over = [&](const std::string& name) {
    const auto known = unchanged.find(name);
    if (known == unchanged.end()) return false;
    load_batch();  // what comes before it
    state.lists.push_back(known->second);
    return true;
  };
  const auto visit = [&](RawList raw) {
    batch_bytes += raw.bytes ? raw.bytes->size() : 0;
    batch.push_back(std::move(raw));
    if (batch.size() >= kMostRaw || batch_bytes >= kMostRawBytes) load_batch();
  };
  const auto read = VisitSource(place, visit, take_over);
  load_batch();
  if (!read) {
    state.unreadable = read.error();
    state.rejected.push_back({label, read.error().message()});
  }
  return state;
}

void ListStore::Impl::TellOfGone(Tell tell) {
  const std::lock_guard listener_lock(listening);
  DigestIndex::Lists told;
  {
    const std::lock_guard lock(mutex);
    told = tell == Tell::kLast ? std::exchange(gone, {}) : gone;
  }
  if (listener && !told.empty()) listener(told);
}

bool ListStore::Impl::IsDropped(const LoadedList& list) const {
  // A source that is read as a whole tells nothing of single lists; its lists
  // stay until the next reading shows what became of them.
  if (options.sources[list.source].read) return false;
  return Concern(pending, list);
}

void ListStore::Impl::Drain() {
  const auto changes = watcher.Drain();
  if (changes.empty()) return;
  pending.insert(changes.begin(), changes.end());
  ++noticed;
  const std::size_t before = gone.size();
  std::ranges::copy_if(index->lists(), std::back_inserter(gone),
                       [this](const auto& list) { return IsDropped(*list); });
  if (gone.size() > before) {
    index = index->Without(
        ++epoch, [this](const LoadedList& list) { return IsDropped(list); });
  }
  ::eventfd_write(wake.get(), 1);
}

void ListStore::Impl::Publish(std::uint64_t target) {
  DigestIndex::Lists lists;
  std::vector<RejectedList> all_rejected;
  for (const SourceState& source : sources) {
    lists.insert(lists.end(), source.lists.begin(), source.lists.end());
    all_rejected.insert(all_rejected.end(), source.rejected.begin(),
                        source.rejected.end());
  }
  const auto publish = [&](const DigestIndex* fresh) {
    const std::lock_guard lock(mutex);
    Drain();
    if (fresh != nullptr) Replace(*fresh);
    if (fresh == nullptr && index->lists() != lists) return false;
    rejected = std::move(all_rejected);
    loaded = std::max(loaded, target);
    loaded_more.notify_all();
    return true;
  };
  // Where lists only went, the index has been made smaller already.
  if (publish(nullptr)) return;
  const DigestIndex fresh(0, std::move(lists));
  publish(&fresh);
}

void ListStore::Impl::Replace(const DigestIndex& fresh) {
  const auto old = std::move(index);
  // What changed while it was read is not what was read.
  index = fresh.Without(
      ++epoch, [this](const LoadedList& list) { return IsDropped(list); });
  const std::unordered_set there(index->lists().begin(), index->lists().end());
  std::ranges::copy_if(old->lists(), std::back_inserter(gone),
                       [&](const auto& list) { return !there.contains(list); });
}

void ListStore::Impl::LoadChanged() {
  const std::lock_guard loading_lock(loading);
  std::set<Change> work;
  std::uint64_t target = 0;
  {
    const std::lock_guard lock(mutex);
    Drain();
    work.swap(pending);
    target = noticed;
  }
  if (work.empty()) return;
  TellOfGone(Tell::kFirst);  // loading may take long
  std::set<std::size_t> changed;
  for (const Change& change : work) changed.insert(change.source);
  for (const std::size_t source : changed) {
    sources[source] = LoadSource(source, &sources[source], work, *verifier);
  }
  Publish(target);
  TellOfGone(Tell::kLast);
  Compact();
  GiveMemoryBack();
}

void ListStore::Impl::Compact() {
  const auto current = [this] {
    const std::lock_guard lock(mutex);
    return index;
  }();
  if (!current->keeps_more()) return;
  auto fresh =
      std::make_shared<const DigestIndex>(current->epoch(), current->lists());
  const std::lock_guard lock(mutex);
  if (index == current) index = std::move(fresh);
}

void ListStore::Impl::Follow() {
  const int inotify = [this] {
    const std::lock_guard lock(mutex);
    return watcher.fd();
  }();
  while (!stopping) {
    std::array<pollfd, 2> ready = {
        {{inotify, POLLIN, 0}, {wake.get(), POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), -1);
    if (ready[1].revents != 0) {
      eventfd_t ignored = 0;
      ::eventfd_read(wake.get(), &ignored);
    }
    if (!stopping) LoadChanged();
  }
}

ListStore::ListStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<ListStore>> ListStore::Open(Options options,
                                                   VerifierPtr verifier,
                                                   Measurer& measurer) {
  auto watcher = ListWatcher::Create();
  if (!watcher) return Fail(watcher.error());
  auto impl =
      std::make_unique<Impl>(std::move(options), measurer, std::move(*watcher));
  impl->wake.Reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!impl->wake) return Fail(Error::FromErrno("eventfd"));
  impl->index = std::make_shared<const DigestIndex>(0, DigestIndex::Lists());
  impl->sources.resize(impl->options.sources.size());
  std::unique_ptr<ListStore> store(new ListStore(std::move(impl)));
  if (auto loaded = store->Reload(std::move(verifier)); !loaded) {
    return Fail(std::move(loaded).error());
  }
  try {
    store->impl_->thread =
        std::thread([state = store->impl_.get()] { state->Follow(); });
  } catch (const std::system_error&) {
    return Fail(EAGAIN, "cannot start the thread that follows digest lists");
  }
  return store;
}

ListStore::~ListStore() {
  impl_->stopping = true;
  ::eventfd_write(impl_->wake.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

std::shared_ptr<const DigestIndex> ListStore::Current() {
  const std::lock_guard lock(impl_->mutex);
  impl_->Drain();
  return impl_->index;
}

bool ListStore::WaitUntilLoaded(std::chrono::milliseconds limit) {
  std::unique_lock lock(impl_->mutex);
  impl_->Drain();
  const std::uint64_t target = impl_->noticed;
  return impl_->loaded_more.wait_for(lock, limit,
                                     [&] { return impl_->loaded >= target; });
}

Result<void> ListStore::Reload(VerifierPtr verifier) {
  const std::lock_guard loading_lock(impl_->loading);
  std::uint64_t target = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->Drain();
    target = impl_->noticed;
  }
  std::vector<SourceState> fresh;
  for (std::size_t s = 0; s < impl_->options.sources.size(); ++s) {
    fresh.push_back(impl_->LoadSource(s, nullptr, {}, *verifier));
    if (fresh.back().unreadable) return Fail(*fresh.back().unreadable);
  }
  impl_->sources = std::move(fresh);
  impl_->verifier = std::move(verifier);
  {
    const std::lock_guard lock(impl_->mutex);
    // All that was told of before the reading began has been read.
    if (impl_->noticed == target) impl_->pending.clear();
  }
  impl_->Publish(target);
  impl_->TellOfGone(Impl::Tell::kLast);
  GiveMemoryBack();
  return {};
}

void ListStore::Listen(GoneListener gone) {
  const std::lock_guard lock(impl_->listening);
  impl_->listener = std::move(gone);
}

std::vector<ListStore::RejectedList> ListStore::Rejected() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->rejected;
}

}  // namespace assayfs
