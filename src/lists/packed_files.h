// SPDX-License-Identifier: Apache-2.0
// PackedFiles: the files of a list, kept in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lists/digest_list.h"

namespace assayfs {

// Costs a file its digest, its path, and four bytes. Paths together may have
// 4 GiB; those of one list are limited to kMaxListBytes.
// Threads: safe, as it never changes.
class PackedFiles {
 public:
  PackedFiles() = default;
  explicit PackedFiles(const std::vector<ListedFile>& files);

  std::size_t size() const { return path_ends_.size(); }

  // number: below size(), in the order of the list. A path is valid while this
  // lives.
  Digest DigestOf(std::size_t number) const;
  std::string_view PathOf(std::size_t number) const;

  // Each algorithm that a file uses, once, in enum order.
  std::vector<HashAlgorithm> Algorithms() const;

 private:
  std::vector<HashAlgorithm> algorithms_;  // one for all if it is the same
  std::size_t digest_bytes_ = 0;           // room for each, the longest
  std::vector<std::byte> digests_;
  std::vector<std::uint32_t> path_ends_;
  std::string paths_;
};

}  // namespace assayfs
