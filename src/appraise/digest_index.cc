// SPDX-License-Identifier: Apache-2.0
// DigestIndex: sorted tables of short keys.
#include "appraise/digest_index.h"

#include <algorithm>
#include <array>
#include <functional>

namespace assayfs {
namespace {

std::uint64_t KeyOf(const Digest& digest) {
  // Digest values are evenly spread already; all have 16 bytes or more.
  ByteReader reader(digest.value());
  return reader.TakeBe64().value_or(0);
}

std::uint64_t KeyOf(std::string_view path) {
  return std::hash<std::string_view>{}(path);
}

}  // namespace

struct DigestIndex::Slot {
  std::uint64_t key;
  std::uint32_t list;
  std::uint32_t file;

  friend auto operator<=>(const Slot&, const Slot&) = default;
};

struct DigestIndex::Tables {
  Lists lists;
  std::vector<Slot> by_digest;
  std::vector<Slot> by_path;

  const ListedFile& FileAt(const Slot& slot) const {
    return lists[slot.list]->list.files[slot.file];
  }
};

DigestIndex::DigestIndex(std::uint64_t epoch, Lists lists) : epoch_(epoch) {
  auto tables = std::make_shared<Tables>();
  tables->lists = lists;
  for (std::uint32_t l = 0; l < lists.size(); ++l) {
    const auto& files = lists[l]->list.files;
    for (std::uint32_t f = 0; f < files.size(); ++f) {
      tables->by_digest.push_back({KeyOf(files[f].digest), l, f});
      if (!files[f].path.empty()) {
        tables->by_path.push_back({KeyOf(files[f].path), l, f});
      }
    }
  }
  std::ranges::sort(tables->by_digest);
  std::ranges::sort(tables->by_path);
  tables_ = std::move(tables);
  alive_.assign(lists.size(), true);
  lists_ = std::move(lists);
  CountAlive();
}

std::shared_ptr<const DigestIndex> DigestIndex::Without(
    std::uint64_t epoch,
    const std::function<bool(const LoadedList&)>& drop) const {
  auto index = std::make_shared<DigestIndex>(*this);
  index->epoch_ = epoch;
  for (std::size_t l = 0; l < alive_.size(); ++l) {
    if (alive_[l] && drop(*tables_->lists[l])) index->alive_[l] = false;
  }
  std::erase_if(index->lists_, [&](const auto& list) { return drop(*list); });
  index->CountAlive();
  return index;
}

void DigestIndex::CountAlive() {
  std::array<bool, kHashAlgorithmCount> used{};
  digest_count_ = 0;
  for (const auto& list : lists_) {
    digest_count_ += list->list.files.size();
    for (const ListedFile& file : list->list.files) {
      used[static_cast<std::size_t>(file.digest.algorithm())] = true;
    }
  }
  algorithms_.clear();
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) algorithms_.push_back(static_cast<HashAlgorithm>(i));
  }
}

template <typename Matches>
std::vector<DigestIndex::Entry> DigestIndex::Find(
    const std::vector<Slot>& slots, std::uint64_t key, Matches matches) const {
  std::vector<Entry> found;
  const auto first =
      std::ranges::lower_bound(slots, Slot{key, 0, 0}, std::less<>());
  for (auto slot = first; slot != slots.end() && slot->key == key; ++slot) {
    const ListedFile& file = tables_->FileAt(*slot);
    if (alive_[slot->list] && matches(file)) {
      found.push_back({tables_->lists[slot->list].get(), &file});
    }
  }
  return found;
}

std::vector<DigestIndex::Entry> DigestIndex::FindDigest(
    const Digest& digest) const {
  return Find(tables_->by_digest, KeyOf(digest),
              [&](const ListedFile& file) { return file.digest == digest; });
}

std::vector<DigestIndex::Entry> DigestIndex::FindPath(
    std::string_view path) const {
  return Find(tables_->by_path, KeyOf(path),
              [&](const ListedFile& file) { return file.path == path; });
}

}  // namespace assayfs
