// SPDX-License-Identifier: Apache-2.0
// PackedFiles: one block of digests and one of paths.
#include "lists/packed_files.h"

#include <algorithm>
#include <functional>

namespace assayfs {

PackedFiles::PackedFiles(const std::vector<ListedFile>& files) {
  std::size_t path_bytes = 0;
  for (const ListedFile& file : files) {
    digest_bytes_ = std::max(digest_bytes_, file.digest.value().size());
    path_bytes += file.path.size();
    algorithms_.push_back(file.digest.algorithm());
  }
  const auto other =
      std::ranges::adjacent_find(algorithms_, std::not_equal_to<>());
  if (other == algorithms_.end() && !algorithms_.empty()) {
    algorithms_.resize(1);
    algorithms_.shrink_to_fit();
  }
  digests_.resize(files.size() * digest_bytes_);
  path_ends_.reserve(files.size());
  paths_.reserve(path_bytes);
  auto digest = digests_.begin();
  for (const ListedFile& file : files) {
    std::ranges::copy(file.digest.value(), digest);
    digest += static_cast<std::ptrdiff_t>(digest_bytes_);
    paths_ += file.path;
    path_ends_.push_back(static_cast<std::uint32_t>(paths_.size()));
  }
}

Digest PackedFiles::DigestOf(std::size_t number) const {
  const HashAlgorithm algorithm =
      algorithms_[algorithms_.size() == 1 ? 0 : number];
  const Bytes room = Bytes(digests_).subspan(number * digest_bytes_);
  // It has the length of the algorithm, so there is one.
  return *Digest::FromBytes(algorithm, room.first(DigestBytes(algorithm)));
}

std::string_view PackedFiles::PathOf(std::size_t number) const {
  const std::size_t begin = number == 0 ? 0 : path_ends_[number - 1];
  return std::string_view(paths_).substr(begin, path_ends_[number] - begin);
}

std::vector<HashAlgorithm> PackedFiles::Algorithms() const {
  std::vector<HashAlgorithm> used = algorithms_;
  std::ranges::sort(used);
  used.erase(std::unique(used.begin(), used.end()), used.end());
  return used;
}

}  // namespace assayfs
