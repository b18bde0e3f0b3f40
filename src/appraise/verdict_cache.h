// SPDX-License-Identifier: Apache-2.0
// VerdictCache: what is remembered of each file's content, and when it falls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "appraise/stamp.h"
#include "base/guarded.h"
#include "crypto/block_tags.h"
#include "crypto/digest.h"

namespace assayfs {

// What one pass over a file found. The digest is kept, not the answer: a list
// that changes needs no rehash, only another lookup.
struct Content {
  Stamp stamp;
  std::vector<Digest> digests;
  std::shared_ptr<const BlockTags> tags;
  std::uint64_t content_id = 0;  // set by Commit; never 0, always grows
};

class VerdictCache;

// Marks a file as being written for as long as it lives. Movable.
class [[nodiscard]] WriterGuard {
 public:
  WriterGuard() = default;
  WriterGuard(WriterGuard&& other) noexcept;
  WriterGuard& operator=(WriterGuard&& other) noexcept;
  ~WriterGuard();

 private:
  friend class VerdictCache;
  WriterGuard(VerdictCache* cache, FileId id) : cache_(cache), id_(id) {}
  VerdictCache* cache_ = nullptr;  // outlives every guard
  FileId id_;
};

// Maps files to their content, with tickets against races.
//
// A content falls (1) when a writer begins, (2) when Drop is called for a
// change below, (3) when Find sees another stamp, (4) to stay within the
// limits, the one committed first first.
// Threads: safe; no call blocks on anything but the lock.
class VerdictCache {
 public:
  // Limits of what is kept.
  struct Limits {
    std::size_t max_files = 1 << 20;
    std::size_t max_tag_bytes = std::size_t{256} << 20;
  };
  // fell: told, with no lock held, of every file whose content was remembered
  // and is no more, unless that is for Drop or BeginWrite: who calls these
  // knows, and has to do at once what fell does later. May be null.
  explicit VerdictCache(const Limits& limits,
                        std::function<void(FileId)> fell = {});
  ~VerdictCache();

  // Returns the content of id if it was committed under this very stamp.
  std::shared_ptr<const Content> Find(FileId id, const Stamp& stamp);

  // A promise to hash a file as it is now. Movable; must not outlive the cache.
  class [[nodiscard]] Ticket {
   public:
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();

   private:
    friend class VerdictCache;
    Ticket(VerdictCache* cache, FileId id, std::uint64_t generation)
        : cache_(cache), id_(id), generation_(generation) {}
    VerdictCache* cache_;
    FileId id_;
    std::uint64_t generation_;
  };
  // Returns nothing while a writer is in.
  std::optional<Ticket> Begin(FileId id);

  // Says whether Commit would still take what is hashed under this ticket.
  bool Holds(const Ticket& ticket) const;

  // Remembers content, unless a writer began or Drop was called since Begin;
  // then returns null and the caller starts over.
  std::shared_ptr<const Content> Commit(const Ticket& ticket, Content content);

  // Forgets id and refuses every ticket for it that is still out.
  void Drop(FileId id);

  // Forgets id if its content is the one with this content_id.
  void DropContent(FileId id, std::uint64_t content_id);

  // Drop, and keep refusing until the guard is gone.
  WriterGuard BeginWrite(FileId id);
  bool WriterActive(FileId id) const;

  std::size_t size() const;

  using Remembered =
      std::vector<std::pair<FileId, std::shared_ptr<const Content>>>;
  // The content that is remembered and has a digest with one of these
  // beginnings; perhaps more. Looks at all that is remembered, some hundred
  // thousand files in milliseconds.
  Remembered WithDigests(
      const std::unordered_set<std::uint64_t>& beginnings) const;
  // All content that is remembered.
  Remembered All() const;

 private:
  friend class WriterGuard;
  struct State;
  // beginnings: as for WithDigests; null for all.
  Remembered Select(const std::unordered_set<std::uint64_t>* beginnings) const;
  void TellOfFallen();
  void EndWrite(FileId id);
  void EndTicket(FileId id);

  std::unique_ptr<Guarded<State>> state_;
  std::function<void(FileId)> fell_;
};

}  // namespace assayfs
