// SPDX-License-Identifier: Apache-2.0
// ContentKeeper: the order of ticket, lease, stamp and hash.
#include "appraise/content_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "crypto/file_hash.h"

namespace assayfs {
namespace {

// How often a file that keeps changing is hashed again before giving up.
constexpr int kMaxHashes = 4;

// How long a waiting thread may take to see that it should give up.
constexpr std::chrono::milliseconds kAskAgain{50};

}  // namespace

bool Covers(const Content& content,
            const std::vector<HashAlgorithm>& algorithms) {
  return std::ranges::all_of(algorithms, [&](HashAlgorithm algorithm) {
    return std::ranges::count(content.digests, algorithm, &Digest::algorithm);
  });
}

ContentKeeper::ContentKeeper() : cache_(VerdictCache::Limits{}) {}

Result<std::unique_ptr<ContentKeeper>> ContentKeeper::Start(
    std::size_t max_leases, std::function<void(FileId)> changed) {
  std::unique_ptr<ContentKeeper> keeper(new ContentKeeper());
  auto leases = LeaseKeeper::Start(
      max_leases,
      [cache = &keeper->cache_, tell = std::move(changed)](FileId id) {
        cache->Drop(id);
        if (tell) tell(id);
      });
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

Result<ContentKeeper::Learned> ContentKeeper::Hash(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms,
    const GiveUp& give_up) {
  const auto ticket = cache_.Begin(id);
  if (!ticket) return Fail(EBUSY, "open for writing through the mount");
  // Lease, then stamp, then hash: whoever writes later breaks the lease.
  const auto lease = leases_->Acquire(fd, id);
  const auto before = StampFile(fd);
  if (!before) return Fail(before.error());
  auto hash = HashFile(fd, algorithms, give_up);
  if (!hash) return Fail(hash.error());
  hashed_files_.fetch_add(1, std::memory_order_relaxed);
  hashed_bytes_.fetch_add(hash->bytes, std::memory_order_relaxed);
  const auto after = StampFile(fd);
  if (!after) return Fail(after.error());
  if (after->stamp != before->stamp) return Fail(EAGAIN, "it changed");
  Content content{.stamp = before->stamp,
                  .digests = std::move(hash->digests),
                  .tags = std::move(hash->tags)};
  if (lease == LeaseKeeper::Outcome::kWriter) {
    // Somebody below can write without moving the stamp, so nothing is
    // remembered. The tags were made in the same pass as the digest: what is
    // read under them is what was judged, whatever the writer does.
    return Learned{.content =
                       std::make_shared<const Content>(std::move(content))};
  }
  auto committed = cache_.Commit(*ticket, std::move(content));
  if (!committed) return Fail(EAGAIN, "a writer came in");
  return Learned{.content = std::move(committed)};
}

std::shared_ptr<const Content> ContentKeeper::Remembered(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms) {
  const auto now = StampFile(fd);
  if (!now) return nullptr;
  auto content = cache_.Find(id, now->stamp);
  return content && Covers(*content, algorithms) ? content : nullptr;
}

Result<ContentKeeper::Learned> ContentKeeper::Learn(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms,
    const GiveUp& give_up) {
  for (int attempt = 0; attempt < kMaxHashes; ++attempt) {
    if (auto known = Remembered(fd, id, algorithms)) {
      return Learned{.content = std::move(known), .cached = true};
    }
    if (!BeginHash(id, give_up)) return Fail(EINTR, "hashing was given up");
    // Another thread may have hashed it while this one waited.
    auto known = Remembered(fd, id, algorithms);
    Result<Learned> learned =
        known ? Learned{.content = std::move(known), .cached = true}
              : Hash(fd, id, algorithms, give_up);
    EndHash(id);
    if (learned || learned.error().code() != EAGAIN) return learned;
  }
  return Fail(EBUSY, "the file keeps changing while it is hashed");
}

WriterGuard ContentKeeper::BeginWrite(FileId id) {
  WriterGuard guard = cache_.BeginWrite(id);
  // After the guard is in, no new lease can come with a content.
  leases_->Release(id);
  return guard;
}

}  // namespace assayfs
