// SPDX-License-Identifier: Apache-2.0
// DigestIndex: which lists know a digest, and which digests a path should have.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assayfs/signature_verifier.h"
#include "lists/digest_list.h"

namespace assayfs {

// A list that passed all checks. Immutable, shared between indexes.
struct LoadedList {
  std::string name;    // file name, or package name for an RPM database
  std::string origin;  // full path, for people and the measurement log
  DigestList list;
  Digest sha256;  // of the whole list file, signature included
  Signer signer;
  bool verified = false;
  bool measured = false;
};

// An immutable view of all loaded lists. Threads: safe, as it never changes.
class DigestIndex {
 public:
  using Lists = std::vector<std::shared_ptr<const LoadedList>>;

  // epoch: larger than that of every index before. lists: in loading order.
  DigestIndex(std::uint64_t epoch, Lists lists);

  // One file of one list. Valid while the index lives.
  struct Entry {
    const LoadedList* list;
    const ListedFile* file;
  };

  // Returns every entry with this digest, in loading order.
  std::vector<Entry> FindDigest(const Digest& digest) const;
  bool Contains(const Digest& digest) const;

  // Returns every entry for this path ("/usr/bin/true"), in loading order.
  std::vector<Entry> FindPath(std::string_view path) const;

  // The algorithms that some entry uses, each once, in enum order.
  const std::vector<HashAlgorithm>& algorithms() const { return algorithms_; }
  std::uint64_t epoch() const { return epoch_; }
  const Lists& lists() const { return lists_; }
  std::size_t digest_count() const { return by_digest_.size(); }

 private:
  // A short key to sort by; equal keys are told apart by the entry itself.
  struct Slot {
    std::uint64_t key;
    std::uint32_t list;
    std::uint32_t file;
  };
  Entry At(const Slot& slot) const;

  std::uint64_t epoch_;
  Lists lists_;
  std::vector<Slot> by_digest_;
  std::vector<Slot> by_path_;
  std::vector<HashAlgorithm> algorithms_;
};

}  // namespace assayfs
