// SPDX-License-Identifier: Apache-2.0
// DigestIndex: which lists know a digest, and which digests a path should have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "appraise/list_source.h"
#include "appraise/withdrawals.h"
#include "assayfs/signature_verifier.h"
#include "lists/digest_list.h"
#include "lists/packed_attributes.h"
#include "lists/packed_files.h"

namespace assayfs {

// A list that passed all checks. Immutable, shared between indexes.
struct LoadedList {
  std::string name = {};    // file name, or package name for an RPM database
  std::string origin = {};  // full path, for people and the measurement log
  ListFormat format = ListFormat::kRpm;
  std::string package = {};  // this and the next two: see DigestList
  std::string package_name = {};
  std::string package_version = {};
  PackedFiles files = {};
  PackedAttributes attributes = {};  // empty unless ListRules asks for them
  Digest sha256;  // of the whole list file, signature included
  Signer signer = {};
  bool verified = false;
  bool measured = false;
  std::size_t source = 0;  // number of the source in its store
  std::optional<ListFile> file = {};
};

// An immutable view of all loaded lists, and of what was withdrawn from them.
// Costs eight bytes a file beside what the lists have themselves.
// Threads: safe, as it never changes.
class DigestIndex {
 public:
  using Lists = std::vector<std::shared_ptr<const LoadedList>>;

  // epoch: larger than that of every index before. lists: in loading order, of
  // less than 2^32 files.
  DigestIndex(std::uint64_t epoch, Lists lists);

  // One file of one list. Valid while the index lives.
  struct Entry {
    const LoadedList* list;
    std::size_t file;  // its number in the list
    // Why the list does not count; null if it does.
    const Withdrawn* withdrawn;

    Digest digest() const { return list->files.DigestOf(file); }
    std::string_view path() const { return list->files.PathOf(file); }
    // Null if the list says nothing of them, or nobody asked for them.
    const ListedAttributes* attributes() const {
      return list->attributes.Of(file);
    }
    // Says whether what the list says is to be believed.
    bool counts() const { return withdrawn == nullptr && list->verified; }
  };

  // One symbolic link of a list that is to be believed. Valid as an Entry is.
  struct Link {
    const LoadedList* list;
    const ListedLink* link;
  };

  // Returns the same index without the lists for which drop says true. Costs
  // far less than building one; for the path of an open.
  std::shared_ptr<const DigestIndex> Without(
      std::uint64_t epoch,
      const std::function<bool(const LoadedList&)>& drop) const;

  // Returns the same index under other withdrawals. Costs a look at each list.
  std::shared_ptr<const DigestIndex> Under(
      std::uint64_t epoch,
      std::shared_ptr<const Withdrawals> withdrawals) const;

  // Returns every entry with this digest, in loading order.
  std::vector<Entry> FindDigest(const Digest& digest) const;

  // Returns every entry for this path ("/usr/bin/true"), in loading order.
  std::vector<Entry> FindPath(std::string_view path) const;

  // Returns every entry, or link, whose path ends with this name ("true").
  std::vector<Entry> FindNamed(std::string_view name) const;
  std::vector<Link> FindLinksNamed(std::string_view name) const;

  // Returns every entry with attributes that give privileges: a set-user-ID or
  // set-group-ID bit, or capabilities. A few dozen in a whole distribution.
  std::vector<Entry> FindPrivileged() const;

  // What is withdrawn; never null.
  const std::shared_ptr<const Withdrawals>& withdrawals() const {
    return withdrawals_;
  }
  // Why a list of this index does not count; null if it does.
  const Withdrawn* WhyWithdrawn(const LoadedList& list) const;

  // The algorithms that some entry or a revoked digest uses, each once, in enum
  // order.
  const std::vector<HashAlgorithm>& algorithms() const { return algorithms_; }
  std::uint64_t epoch() const { return epoch_; }
  const Lists& lists() const { return lists_; }
  std::size_t digest_count() const { return digest_count_; }
  // Says whether lists that were left out are still in memory.
  bool keeps_more() const;

 private:
  // Shared by an index and those made from it.
  struct Tables;
  using WithdrawnLists =
      std::unordered_map<const LoadedList*, std::unique_ptr<const Withdrawn>>;

  void CountAlive();
  // Puts in why lists of entries do not count.
  std::vector<Entry> WithReasons(std::vector<Entry> entries) const;

  std::uint64_t epoch_;
  std::shared_ptr<const Tables> tables_;
  std::vector<bool> alive_;  // by number of the list in the tables
  Lists lists_;              // those alive
  std::shared_ptr<const Withdrawals> withdrawals_;
  std::shared_ptr<const WithdrawnLists> withdrawn_;  // with those that went
  std::vector<HashAlgorithm> algorithms_;
  std::size_t digest_count_ = 0;
};

}  // namespace assayfs
