// SPDX-License-Identifier: Apache-2.0
// ContentKeeper: the order of ticket, lease, stamp and hash.
#include "appraise/content_keeper.h"

#include <algorithm>
#include <utility>

#include "crypto/file_hash.h"

namespace assayfs {
namespace {

// How often a file that keeps changing is hashed again before giving up.
constexpr int kMaxHashes = 4;

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

Result<ContentKeeper::Learned> ContentKeeper::Learn(
    int fd, FileId id, const std::vector<HashAlgorithm>& algorithms,
    const std::atomic<bool>* cancelled) {
  for (int attempt = 0; attempt < kMaxHashes; ++attempt) {
    const auto ticket = cache_.Begin(id);
    if (!ticket) return Fail(EBUSY, "open for writing through the mount");
    auto before = StampFile(fd);
    if (!before) return Fail(before.error());
    auto known = cache_.Find(id, before->stamp);
    if (known && Covers(*known, algorithms)) {
      return Learned{.content = std::move(known), .cached = true};
    }
    // Lease, then stamp, then hash: whoever writes later breaks the lease.
    const auto lease = leases_->Acquire(fd, id);
    before = StampFile(fd);
    if (!before) return Fail(before.error());
    auto hash = HashFile(fd, algorithms, cancelled);
    if (!hash) return Fail(hash.error());
    hashed_files_.fetch_add(1, std::memory_order_relaxed);
    hashed_bytes_.fetch_add(hash->bytes, std::memory_order_relaxed);
    const auto after = StampFile(fd);
    if (!after) return Fail(after.error());
    if (after->stamp != before->stamp) continue;
    Content content{.stamp = before->stamp,
                    .digests = std::move(hash->digests),
                    .tags = std::move(hash->tags)};
    if (lease == LeaseKeeper::Outcome::kWriter) {
      // Somebody below can write without moving the stamp, so nothing is
      // remembered. The tags were made in the same pass as the digest: what
      // is read under them is what was judged, whatever the writer does.
      return Learned{.content =
                         std::make_shared<const Content>(std::move(content))};
    }
    if (auto committed = cache_.Commit(*ticket, std::move(content))) {
      return Learned{.content = std::move(committed)};
    }
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
