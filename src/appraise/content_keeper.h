// SPDX-License-Identifier: Apache-2.0
// ContentKeeper: learns what is in a file, and knows when that ends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "appraise/lease_keeper.h"
#include "appraise/verdict_cache.h"
#include "base/result.h"
#include "crypto/file_hash.h"
#include "crypto/lower_verity.h"

namespace assayfs {

// Joins hashing, the cache of its results and the leases that guard them.
//
// Threads: safe. No lock is held while a file is hashed.
class ContentKeeper {
 public:
  // Each may be null.
  struct Listeners {
    // Called on the lease thread when a writer below wants to open a file that
    // is remembered, after it was forgotten and before the writer goes on.
    std::function<void(FileId)> changed;
    // Called when a file that was guarded is so no more for another reason;
    // see LeaseKeeper::Listeners::ending.
    std::function<void(FileId)> unguarded;
    std::function<void(FileId)> fell;  // as for VerdictCache
  };
  // ask_below: as AskVerity. Errors: those of LeaseKeeper::Start.
  using AskBelow = std::function<std::optional<VerityFile>(int fd, Pages)>;
  static Result<std::unique_ptr<ContentKeeper>> Start(std::size_t max_leases,
                                                      Listeners listeners,
                                                      AskBelow ask_below);

  struct Learned {
    std::shared_ptr<const Content> content;
    bool cached = false;  // nothing was hashed
  };
  // Returns what is in the file behind fd, which is borrowed and open O_RDONLY,
  // in at least the algorithms given. Hashes it unless that is known, or the
  // kernel knows it and compares by itself what it reads through fd: then its
  // tags are BlockTags::CheckedBelow.
  // file: what StampFile just said of it. content_id is 0 if the content cannot
  // be remembered because somebody below the mount has the file open for
  // writing.
  // Errors: EBUSY if a writer is in through the mount, EINTR if told to give
  // up, those of FileHasher. A file that another thread hashes is waited for,
  // not hashed twice; a pass that was given up is gone on with by the next who
  // asks.
  Result<Learned> Learn(int fd, const IdAndStamp& file,
                        const std::vector<HashAlgorithm>& algorithms,
                        const GiveUp& give_up);

  // Says whether the content that id has under this stamp is remembered, and we
  // shall hear of whoever wants to change it: listeners are called before.
  // content_id: as for Appraiser::IsGuarded.
  bool IsGuarded(FileId id, const Stamp& stamp, std::uint64_t content_id);

  // As the functions of Appraiser with these names.
  bool IsWritten(FileId id) const { return cache_.WriterActive(id); }
  Result<void> WaitForWriters(FileId id, const GiveUp& give_up) const;
  WriterGuard BeginWrite(FileId id);
  // As LeaseKeeper::ReleaseRemoved.
  void ReleaseRemoved(FileId id) { leases_->ReleaseRemoved(id); }
  // Forgets the file if its content is the one with this content_id.
  void Drop(FileId id, std::uint64_t content_id) {
    cache_.DropContent(id, content_id);
  }

  std::size_t remembered() const { return cache_.size(); }
  // As the functions of VerdictCache with these names.
  auto WithDigests(const std::unordered_set<std::uint64_t>& beginnings) const {
    return cache_.WithDigests(beginnings);
  }
  auto All() const { return cache_.All(); }
  std::uint64_t hashed_files() const { return hashed_files_; }
  std::uint64_t hashed_bytes() const { return hashed_bytes_; }

 private:
  ContentKeeper(std::function<void(FileId)> fell, AskBelow ask_below);
  // Returns algorithms with those of content that is remembered: rules that
  // want different ones would else take turns to have it hashed.
  std::vector<HashAlgorithm> WithRemembered(
      const IdAndStamp& file, std::vector<HashAlgorithm> algorithms);
  // Null if nothing is remembered that suits.
  std::shared_ptr<const Content> Remembered(
      int fd, const IdAndStamp& file,
      const std::vector<HashAlgorithm>& algorithms);
  // Marks the file as being hashed; waits while another thread does so. False
  // if told to give up.
  bool BeginHash(FileId id, const GiveUp& give_up);
  void EndHash(FileId id);
  // A file being hashed, with what tells whether it changed since.
  struct Pass {
    FileId id;
    VerdictCache::Ticket ticket;
    LeaseKeeper::Outcome lease;
    Stamp stamp;
    FileHasher hasher;
  };
  Result<Pass> BeginPass(int fd, FileId id,
                         const std::vector<HashAlgorithm>& algorithms);
  // Says whether the file is still as it was when the pass began, and brings
  // the stamp of the pass up to date.
  bool StandsStill(int fd, Pass& pass) const;
  // Keeps a pass that was given up, as long as there is room.
  void Park(Pass pass);
  // Takes one back if it is for these algorithms and nothing changed since.
  std::optional<Pass> Unpark(int fd, FileId id,
                             const std::vector<HashAlgorithm>& algorithms);
  // One try of Learn without a hash. ENODATA if the kernel does not know the
  // content in these algorithms.
  Result<Learned> AskKernel(int fd, FileId id,
                            const std::vector<HashAlgorithm>& algorithms);
  // One try of Learn; EAGAIN if the file changed meanwhile, unless last.
  Result<Learned> Hash(int fd, FileId id,
                       const std::vector<HashAlgorithm>& algorithms,
                       const GiveUp& give_up, bool last);

  const AskBelow ask_below_;
  VerdictCache cache_;
  std::mutex hashing_mutex_;  // guards hashing_ and parked_
  std::condition_variable hash_ended_;
  std::unordered_set<FileId, FileIdHash> hashing_;
  std::list<Pass> parked_;  // the oldest first
  std::atomic<std::uint64_t> hashed_files_ = 0;
  std::atomic<std::uint64_t> hashed_bytes_ = 0;
  // Last, because its thread uses the cache.
  std::unique_ptr<LeaseKeeper> leases_;
};

// Says whether content has a digest of every algorithm.
bool Covers(const Content& content,
            const std::vector<HashAlgorithm>& algorithms);

}  // namespace assayfs
