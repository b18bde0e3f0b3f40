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
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <utility>

#include "appraise/list_watcher.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

using Change = ListWatcher::Change;

// Reading, checking and sorting lists takes as much memory as keeping them, and
// may not be needed again for days.
void GiveMemoryBack() { ::malloc_trim(0); }

}  // namespace

struct ListStore::Impl {
  Impl(Options given, Measurer& measurer, ListWatcher watch)
      : sources(std::move(given.sources)),
        withdrawals(std::move(given.withdrawals)),
        reader({.sources = sources,
                .order = given.order,
                .rules = given.rules,
                .watch = [this](std::size_t source) { return Watch(source); }},
               measurer),
        watcher(std::move(watch)) {}

  Result<void> Watch(std::size_t source);
  // The watcher's number for the revocations.
  std::size_t revocations() const { return sources.size(); }
  // Reads the revocations and begins to watch them. Requires mutex.
  // Errors: see Open; those that were read before stay.
  Result<void> ReadRevocations();
  // Publishes sources as the index. Requires loading.
  void Publish(std::uint64_t target);
  // Has floors written down. Requires loading.
  void KeepFloors();
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

  const std::vector<ListSource> sources;
  WithdrawalKeeper withdrawals;
  UniqueFd wake;
  std::thread thread;
  std::atomic<bool> stopping = false;

  // Held for a whole reading of sources: one at a time. Taken before mutex.
  std::mutex loading;
  SourceReader reader;  // guarded by loading

  // Guards what follows; never held while a list is read or measured.
  mutable std::mutex mutex;
  std::condition_variable loaded_more;
  ListWatcher watcher;
  std::shared_ptr<const DigestIndex> index;
  Gone gone;                // not told of for the last time
  std::size_t told_of = 0;  // the part of it that was told of
  std::vector<RejectedList> rejected;
  std::set<Change> pending;   // told of, not read yet
  std::vector<Needed> needs;  // the same
  std::size_t waiting = 0;    // lists, as of the last reading
  std::uint64_t noticed = 0;  // counts the times that pending grew
  std::uint64_t loaded = 0;   // value of noticed up to which all is read
  std::uint64_t epoch = 0;
};

Result<void> ListStore::Impl::Watch(std::size_t source) {
  const ListSource& place = sources[source];
  const std::lock_guard lock(mutex);
  return watcher.Watch(
      source, place.path,
      place.read ? ListWatcher::Holds::kDatabase : ListWatcher::Holds::kLists);
}

Result<void> ListStore::Impl::ReadRevocations() {
  if (withdrawals.path().empty()) return {};
  const auto watched = watcher.Watch(revocations(), withdrawals.path(),
                                     ListWatcher::Holds::kLists);
  auto read = withdrawals.ReadRevocations(
      watched ? "" : "revocations: " + watched.error().message());
  const auto old = std::move(index);
  const Revocations& before = old->withdrawals()->revocations;
  index = old->Under(++epoch, withdrawals.current());
  for (const Digest& digest : index->withdrawals()->revocations.digests()) {
    if (!before.Has(digest)) gone.digests.insert(digest);
  }
  std::ranges::copy_if(index->lists(), std::back_inserter(gone.lists),
                       [&](const auto& list) {
                         return index->WhyWithdrawn(*list) != nullptr &&
                                old->WhyWithdrawn(*list) == nullptr;
                       });
  return read;
}

void ListStore::Impl::TellOfGone(Tell tell) {
  const std::lock_guard listener_lock(listening);
  Gone told;
  {
    const std::lock_guard lock(mutex);
    const std::size_t size = gone.lists.size() + gone.digests.size();
    gone.again = size == told_of;
    told = tell == Tell::kLast ? std::exchange(gone, {}) : gone;
    told_of = tell == Tell::kLast ? 0 : size;
  }
  if (listener && !told.empty()) listener(told);
}

bool ListStore::Impl::IsDropped(const LoadedList& list) const {
  // A source that is read as a whole tells nothing of single lists; its lists
  // stay until the next reading shows what became of them.
  if (sources[list.source].read) return false;
  return Concern(pending, list);
}

void ListStore::Impl::Drain() {
  auto changes = watcher.Drain();
  if (changes.empty()) return;
  ::eventfd_write(wake.get(), 1);
  const auto revoked = std::erase_if(changes, [this](const Change& change) {
    return change.source == revocations();
  });
  // What cannot be read now is among the problems that the index names.
  if (revoked > 0) static_cast<void>(ReadRevocations());
  if (changes.empty()) return;
  pending.insert(changes.begin(), changes.end());
  ++noticed;
  const std::size_t before = gone.lists.size();
  std::ranges::copy_if(index->lists(), std::back_inserter(gone.lists),
                       [this](const auto& list) { return IsDropped(*list); });
  if (gone.lists.size() > before) {
    index = index->Without(
        ++epoch, [this](const LoadedList& list) { return IsDropped(list); });
  }
}

void ListStore::Impl::Publish(std::uint64_t target) {
  DigestIndex::Lists lists = reader.lists();
  // What could not be read at all may come back: it was not replaced.
  if (reader.whole()) withdrawals.RaiseFloors(lists);
  const auto publish = [&](const DigestIndex* fresh) {
    const std::lock_guard lock(mutex);
    Drain();
    if (fresh != nullptr) Replace(*fresh);
    if (fresh == nullptr && index->lists() != lists) return false;
    rejected = reader.rejected();
    waiting = reader.waiting();
    loaded = std::max(loaded, target);
    loaded_more.notify_all();
    return true;
  };
  // Where lists only went, the index has been made smaller already.
  if (!publish(nullptr)) {
    const DigestIndex fresh(0, std::move(lists));
    publish(&fresh);
  }
  KeepFloors();
}

void ListStore::Impl::KeepFloors() {
  const auto kept = withdrawals.KeepFloors();
  if (kept) return;
  const std::lock_guard lock(mutex);
  rejected.push_back({"floors", "not kept: " + kept.error().message()});
}

void ListStore::Impl::Replace(const DigestIndex& fresh) {
  const auto old = std::move(index);
  ++epoch;
  // What changed while it was read is not what was read.
  index =
      fresh
          .Without(epoch,
                   [this](const LoadedList& list) { return IsDropped(list); })
          ->Under(epoch, withdrawals.current());
  const std::unordered_set there(index->lists().begin(), index->lists().end());
  std::ranges::copy_if(old->lists(), std::back_inserter(gone.lists),
                       [&](const auto& list) { return !there.contains(list); });
}

void ListStore::Impl::LoadChanged() {
  const std::lock_guard loading_lock(loading);
  std::set<Change> work;
  std::vector<Needed> needed;
  std::uint64_t target = 0;
  {
    const std::lock_guard lock(mutex);
    Drain();
    work.swap(pending);
    needed.swap(needs);
    target = noticed;
  }
  TellOfGone(Tell::kFirst);  // loading may take long
  if (work.empty() && needed.empty()) return TellOfGone(Tell::kLast);
  reader.ReadChanged(work);
  if (!needed.empty()) reader.ReadNeeded(std::move(needed));
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
  auto fresh = DigestIndex(current->epoch(), current->lists())
                   .Under(current->epoch(), current->withdrawals());
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

Result<std::unique_ptr<ListStore>> ListStore::Open(Options options, Basis basis,
                                                   Measurer& measurer) {
  auto watcher = ListWatcher::Create();
  if (!watcher) return Fail(watcher.error());
  auto impl =
      std::make_unique<Impl>(std::move(options), measurer, std::move(*watcher));
  impl->wake.Reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!impl->wake) return Fail(Error::FromErrno("eventfd"));
  impl->index = std::make_shared<const DigestIndex>(0, DigestIndex::Lists());
  std::unique_ptr<ListStore> store(new ListStore(std::move(impl)));
  if (auto read = store->impl_->ReadRevocations(); !read) {
    return Fail(std::move(read).error());
  }
  if (auto loaded = store->Reload(std::move(basis)); !loaded) {
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

bool ListStore::WaitUntilLoaded(std::chrono::milliseconds limit,
                                std::uint64_t ticket) {
  std::unique_lock lock(impl_->mutex);
  impl_->Drain();
  const std::uint64_t target = ticket == 0 ? impl_->noticed : ticket;
  return impl_->loaded_more.wait_for(lock, limit,
                                     [&] { return impl_->loaded >= target; });
}

Result<void> ListStore::Reload(Basis basis) {
  const std::lock_guard loading_lock(impl_->loading);
  std::uint64_t target = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->Drain();
    target = impl_->noticed;
    if (auto read = impl_->ReadRevocations(); !read) return read;
  }
  const auto check = [this, &basis] {
    const SourceReader& reader = impl_->reader;
    return basis.check({reader.lists(), reader.rejected(), reader.waiting(),
                        impl_->withdrawals.current()});
  };
  auto read = impl_->reader.ReadAll(
      {.verifier = std::move(basis.verifier),
       .pcr_for = std::move(basis.pcr_for),
       .check = basis.check ? check : std::function<Result<void>()>()});
  if (!read) return read;
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

void ListStore::RaiseFloor(const std::string& name,
                           const std::string& version) {
  const std::lock_guard loading_lock(impl_->loading);
  impl_->withdrawals.RaiseFloor(name, version);
  impl_->KeepFloors();
}

Floors ListStore::floors() const {
  return impl_->withdrawals.current()->floors;
}

std::uint64_t ListStore::Need(std::vector<Digest> digests,
                              DigestIndex::Lists seen, std::string hint) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->waiting == 0) return 0;
  impl_->needs.push_back(
      {std::move(digests), std::move(seen), std::move(hint)});
  ::eventfd_write(impl_->wake.get(), 1);
  return ++impl_->noticed;
}

std::size_t ListStore::waiting() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->waiting;
}

void ListStore::Listen(GoneListener gone) {
  const std::lock_guard lock(impl_->listening);
  impl_->listener = std::move(gone);
}

std::vector<RejectedList> ListStore::Rejected() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->rejected;
}

}  // namespace assayfs
