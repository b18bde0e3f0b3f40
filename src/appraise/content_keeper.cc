// SPDX-License-Identifier: Apache-2.0
// ContentKeeper: the order of ticket, lease, stamp and hash.
#include "appraise/content_keeper.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "crypto/file_hash.h"

namespace assayfs {
namespace {

// How often a file that keeps changing is hashed before its content counts as
// what the last pass saw, without being remembered.
constexpr int kMaxHashes = 4;

// Limits of the passes that were given up and may be gone on with. Their tags
// are those of 16 GiB of files.
constexpr std::size_t kMaxParked = 64;
constexpr std::size_t kMaxParkedTagBytes = std::size_t{64} << 20;

// How long a waiting thread may take to see that it should give up.
constexpr std::chrono::milliseconds kAskAgain{50};

// How long to wait for the end of a writer, which the kernel tells of some time
// after the last descriptor was closed; and how often to look.
constexpr std::chrono::milliseconds kWriterWait{250};
constexpr std::chrono::milliseconds kLookAgain{2};

}  // namespace

bool Covers(const Content& content,
            const std::vector<HashAlgorithm>& algorithms) {
  return std::ranges::all_of(algorithms, [&](HashAlgorithm algorithm) {
    return std::ranges::count(content.digests, algorithm, &Digest::algorithm);
  });
}

ContentKeeper::ContentKeeper(std::function<void(FileId)> fell,
                             AskBelow ask_below)
    : ask_below_(std::move(ask_below)),
      cache_(VerdictCache::Limits{}, std::move(fell)) {}

Result<std::unique_ptr<ContentKeeper>> ContentKeeper::Start(
    std::size_t max_leases, Listeners listeners, AskBelow ask_below) {
  std::unique_ptr<ContentKeeper> keeper(
      new ContentKeeper(std::move(listeners.fell), std::move(ask_below)));
  auto broken = [cache = &keeper->cache_,
                 tell = std::move(listeners.changed)](FileId id) {
    cache->Drop(id);
    if (tell) tell(id);
  };
  auto leases = LeaseKeeper::Start(
      max_leases,
      {.broken = std::move(broken), .ending = std::move(listeners.unguarded)});
  if (!leases) return Fail(leases.error());
  keeper->leases_ = std::move(*leases);
  return keeper;
}

bool ContentKeeper::BeginHash(FileId id, const GiveUp& give_up) {
  std::unique_lock lock(hashing_mutex_);
  while (true) {
    if (give_up && give_up()) return false;
    if (hashing_.insert(id).second) return true;
    hash_ended_.wait_for(lock, kAskAgain);
  }
}

void ContentKeeper::EndHash(FileId id) {
  {
    const std::lock_guard lock(hashing_mutex_);
    hashing_.erase(id);
  }
  hash_ended_.notify_all();
}

Result<ContentKeeper::Pass> ContentKeeper::BeginPass(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms) {
  auto ticket = cache_.Begin(id);
  if (!ticket) return Fail(EBUSY, "open for writing through the mount");
  // Lease, then stamp, then hash: whoever writes later breaks the lease.
  const auto lease = leases_->Acquire(fd, id);
  const auto file = StampFile(fd);
  if (!file) return Fail(file.error());
  // Known before half an hour of work. The hasher sees to those that grow.
  if (file->stamp.size_bytes > kMaxHashedBytes) {
    return Fail(EFBIG, "too large to judge");
  }
  auto hasher = FileHasher::Create(algorithms);
  if (!hasher) return Fail(hasher.error());
  return Pass{id, std::move(*ticket), lease, file->stamp, std::move(*hasher)};
}

bool ContentKeeper::StandsStill(int fd, Pass& pass) const {
  const auto now = StampFile(fd);
  if (!now) return false;
  if (now->stamp == pass.stamp) return true;
  // Names, owners and permissions move the stamp as well. A lease is not
  // broken by them, but by whoever could change the content.
  if (pass.lease != LeaseKeeper::Outcome::kHeld ||
      !leases_->IsUnbroken(pass.id)) {
    return false;
  }
  pass.stamp = now->stamp;
  return true;
}

void ContentKeeper::Park(Pass pass) {
  std::list<Pass> gone;  // ended with no lock held
  const std::lock_guard lock(hashing_mutex_);
  std::size_t tag_bytes = pass.hasher.memory_bytes();
  for (const Pass& other : parked_) tag_bytes += other.hasher.memory_bytes();
  parked_.push_back(std::move(pass));
  while (parked_.size() > kMaxParked || tag_bytes > kMaxParkedTagBytes) {
    tag_bytes -= parked_.front().hasher.memory_bytes();
    gone.splice(gone.end(), parked_, parked_.begin());
  }
}

std::optional<ContentKeeper::Pass> ContentKeeper::Unpark(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms) {
  std::list<Pass> found;
  {
    const std::lock_guard lock(hashing_mutex_);
    const auto it = std::ranges::find(parked_, id, &Pass::id);
    if (it == parked_.end()) return std::nullopt;
    found.splice(found.end(), parked_, it);
  }
  Pass& pass = found.front();
  if (pass.hasher.algorithms() != algorithms || !cache_.Holds(pass.ticket) ||
      !StandsStill(fd, pass)) {
    return std::nullopt;
  }
  return std::move(pass);
}

Result<ContentKeeper::Learned> ContentKeeper::Hash(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms,
    const GiveUp& give_up, bool last) {
  auto pass = Unpark(fd, id, algorithms);
  if (!pass) {
    auto begun = BeginPass(fd, id, algorithms);
    if (!begun) return Fail(begun.error());
    pass.emplace(std::move(*begun));
  }
  std::uint64_t counted = pass->hasher.bytes();
  const auto count = [&] {
    hashed_bytes_.fetch_add(pass->hasher.bytes() - counted,
                            std::memory_order_relaxed);
    counted = pass->hasher.bytes();
  };
  auto hash = pass->hasher.Run(fd, [&] {
    count();
    return give_up && give_up();
  });
  count();
  if (!hash) {
    if (hash.error().code() == EINTR) Park(std::move(*pass));
    return Fail(hash.error());
  }
  hashed_files_.fetch_add(1, std::memory_order_relaxed);
  const bool still = StandsStill(fd, *pass);
  if (!still && !last) return Fail(EAGAIN, "it changed");
  Content content{.stamp = pass->stamp,
                  .digests = std::move(hash->digests),
                  .tags = std::move(hash->tags)};
  if (!still || pass->lease == LeaseKeeper::Outcome::kWriter) {
    // Somebody below can write without moving the stamp, or it keeps moving,
    // so nothing is remembered. The tags were made in the same pass as the
    // digest: what is read under them is what was judged, whatever happens.
    return Learned{.content =
                       std::make_shared<const Content>(std::move(content))};
  }
  auto committed = cache_.Commit(pass->ticket, std::move(content));
  if (!committed) return Fail(EAGAIN, "a writer came in");
  return Learned{.content = std::move(committed)};
}

std::vector<HashAlgorithm> ContentKeeper::WithRemembered(
    const IdAndStamp& file, std::vector<HashAlgorithm> algorithms) {
  const auto content = cache_.Find(file.id, file.stamp);
  if (!content) return algorithms;
  for (const Digest& digest : content->digests) {
    if (std::ranges::count(algorithms, digest.algorithm()) == 0) {
      algorithms.push_back(digest.algorithm());
    }
  }
  return algorithms;
}

std::shared_ptr<const Content> ContentKeeper::Remembered(
    int fd, const IdAndStamp& file,
    const std::vector<HashAlgorithm>& algorithms) {
  auto content = cache_.Find(file.id, file.stamp);
  if (!content || !Covers(*content, algorithms)) return nullptr;
  // What is read through this descriptor is compared with what the kernel says
  // now, whatever it found on the disk when it forgot the file in between.
  const Digest* const below =
      content->tags ? content->tags->checked_below() : nullptr;
  if (below == nullptr) return content;
  const auto verity = ask_below_(fd, Pages::kAny);
  return verity && verity->digest == *below ? content : nullptr;
}

Result<ContentKeeper::Learned> ContentKeeper::AskKernel(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms) {
  // A file has one such digest, so a second algorithm has to be computed.
  const Error unknown(ENODATA, "the kernel does not know the digest");
  if (algorithms.size() != 1 || !IsVerity(algorithms.front())) {
    return Fail(unknown);
  }
  const auto ticket = cache_.Begin(id);
  if (!ticket) return Fail(EBUSY, "open for writing through the mount");
  const auto verity = ask_below_(fd, Pages::kDropped);
  if (!verity || verity->digest.algorithm() != algorithms.front()) {
    return Fail(unknown);
  }
  // No lease: there is no writer, and never will be.
  const auto file = StampFile(fd);
  if (!file) return Fail(file.error());
  auto tags = std::make_shared<const BlockTags>(
      BlockTags::CheckedBelow(verity->digest, verity->file_bytes));
  auto committed = cache_.Commit(*ticket, {.stamp = file->stamp,
                                           .digests = {verity->digest},
                                           .tags = std::move(tags)});
  if (!committed) return Fail(EAGAIN, "a writer came in");
  return Learned{.content = std::move(committed)};
}

Result<ContentKeeper::Learned> ContentKeeper::Learn(
    int fd, const IdAndStamp& file,
    const std::vector<HashAlgorithm>& algorithms, const GiveUp& give_up) {
  if (auto known = Remembered(fd, file, algorithms)) {
    return Learned{.content = std::move(known), .cached = true};
  }
  const FileId id = file.id;
  for (int attempt = 1; attempt <= kMaxHashes; ++attempt) {
    if (!BeginHash(id, give_up)) return Fail(EINTR, "hashing was given up");
    // Another thread may have hashed it while this one waited.
    const auto now = StampFile(fd);
    auto known = now ? Remembered(fd, *now, algorithms) : nullptr;
    Result<Learned> learned =
        known ? Learned{.content = std::move(known), .cached = true}
              : AskKernel(fd, id, algorithms);
    if (!learned && learned.error().code() == ENODATA) {
      learned =
          Hash(fd, id, now ? WithRemembered(*now, algorithms) : algorithms,
               give_up, attempt == kMaxHashes);
    }
    EndHash(id);
    if (learned || learned.error().code() != EAGAIN) return learned;
  }
  return Fail(EBUSY, "writers keep coming in while it is hashed");
}

bool ContentKeeper::IsGuarded(FileId id, const Stamp& stamp,
                              std::uint64_t content_id) {
  const auto content = cache_.Find(id, stamp);
  if (!content || (content_id != 0 && content->content_id != content_id)) {
    return false;
  }
  const bool fixed = content->tags && content->tags->checked_below();
  return fixed || leases_->IsUnbroken(id);
}

Result<void> ContentKeeper::WaitForWriters(FileId id,
                                           const GiveUp& give_up) const {
  const auto end = std::chrono::steady_clock::now() + kWriterWait;
  while (cache_.WriterActive(id) && std::chrono::steady_clock::now() < end) {
    if (give_up && give_up()) return Fail(EINTR, "waiting was given up");
    std::this_thread::sleep_for(kLookAgain);
  }
  return {};
}

WriterGuard ContentKeeper::BeginWrite(FileId id) {
  WriterGuard guard = cache_.BeginWrite(id);
  // After the guard is in, no new lease can come with a content.
  leases_->Release(id);
  return guard;
}

}  // namespace assayfs
