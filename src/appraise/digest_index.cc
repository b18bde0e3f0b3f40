// SPDX-License-Identifier: Apache-2.0
// DigestIndex: numbers of files, sorted by digest and by path.
#include "appraise/digest_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

namespace assayfs {
namespace {

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Above the lower half, by which paths of one name differ.
constexpr unsigned kNameShift = 32;
constexpr std::uint64_t kLowerHalf = (std::uint64_t{1} << kNameShift) - 1;

// All paths that end with this name have keys from here, up to as many more as
// the lower half tells apart.
std::uint64_t FirstKeyOf(std::string_view name) {
  return std::hash<std::string_view>{}(name) << kNameShift;
}

std::uint64_t KeyOf(std::string_view path) {
  return FirstKeyOf(NameOf(path)) |
         (std::hash<std::string_view>{}(path)&kLowerHalf);
}

// What a file is sorted by; nothing if it is left out.
using KeyOfFile = std::optional<std::uint64_t> (*)(const PackedFiles& files,
                                                   std::size_t file);

std::optional<std::uint64_t> DigestKey(const PackedFiles& files,
                                       std::size_t file) {
  return files.DigestOf(file).Beginning();
}

std::optional<std::uint64_t> PathKey(const PackedFiles& files,
                                     std::size_t file) {
  const std::string_view path = files.PathOf(file);
  if (path.empty()) return std::nullopt;
  return KeyOf(path);
}

bool GivesPrivileges(const ListedAttributes& listed) {
  return (listed.mode & (S_ISUID | S_ISGID)) != 0 ||
         !listed.capabilities.empty();
}

// Numbers of files, counted through all lists.
using Order = std::vector<std::uint32_t>;

Order Sort(const DigestIndex::Lists& lists, KeyOfFile key_of) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed;
  std::uint32_t number = 0;
  for (const auto& list : lists) {
    for (std::size_t file = 0; file < list->files.size(); ++file, ++number) {
      if (const auto key = key_of(list->files, file)) {
        keyed.emplace_back(*key, number);
      }
    }
  }
  std::ranges::sort(keyed);
  Order order;
  order.reserve(keyed.size());
  for (const auto& [key, sorted] : keyed) order.push_back(sorted);
  return order;
}

}  // namespace

struct DigestIndex::Tables {
  explicit Tables(Lists given)
      : lists(std::move(given)),
        by_digest(Sort(lists, DigestKey)),
        by_path(Sort(lists, PathKey)) {
    std::uint32_t count = 0;
    for (const auto& list : lists) {
      for (std::size_t file = 0; file < list->files.size(); ++file) {
        const ListedAttributes* const listed = list->attributes.Of(file);
        if (listed == nullptr || !GivesPrivileges(*listed)) continue;
        privileged.emplace_back(starts.size(), file);
      }
      for (const ListedLink& link : list->attributes.links()) {
        links.emplace(NameOf(link.path), std::pair(starts.size(), &link));
      }
      starts.push_back(count);
      count += static_cast<std::uint32_t>(list->files.size());
    }
  }

  // The numbers of a list, and of a file in it.
  std::pair<std::size_t, std::size_t> PlaceOf(std::uint32_t number) const {
    const auto after = std::ranges::upper_bound(starts, number);
    return {after - starts.begin() - 1, number - *std::prev(after)};
  }

  // Returns each file of a list that is alive with a key from first to last for
  // which matches(files, file) holds; those of one key in loading order.
  template <typename Matches>
  std::vector<Entry> Find(const Order& order, KeyOfFile key_of,
                          std::uint64_t first, std::uint64_t last,
                          const std::vector<bool>& alive,
                          Matches matches) const {
    const auto key_at = [&](std::uint32_t number) {
      const auto [list, file] = PlaceOf(number);
      return *key_of(lists[list]->files, file);
    };
    std::vector<Entry> found;
    auto number = std::ranges::lower_bound(order, first, std::less<>(), key_at);
    for (; number != order.end() && key_at(*number) <= last; ++number) {
      const auto [list, file] = PlaceOf(*number);
      if (alive[list] && matches(lists[list]->files, file)) {
        found.push_back({lists[list].get(), file, nullptr});
      }
    }
    return found;
  }

  const Lists lists;
  const Order by_digest;
  const Order by_path;
  std::vector<std::uint32_t> starts;  // the number of each list's first file
  // The number of the list, and of the file in it.
  std::vector<std::pair<std::size_t, std::size_t>> privileged;
  // By the last name of their path, each with the number of its list.
  std::unordered_multimap<std::string_view,
                          std::pair<std::size_t, const ListedLink*>>
      links;
};

DigestIndex::DigestIndex(std::uint64_t epoch, Lists lists)
    : epoch_(epoch),
      tables_(std::make_shared<const Tables>(lists)),
      alive_(lists.size(), true),
      lists_(std::move(lists)),
      withdrawals_(std::make_shared<const Withdrawals>()),
      withdrawn_(std::make_shared<const WithdrawnLists>()) {
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

std::shared_ptr<const DigestIndex> DigestIndex::Under(
    std::uint64_t epoch, std::shared_ptr<const Withdrawals> withdrawals) const {
  auto index = std::make_shared<DigestIndex>(*this);
  index->epoch_ = epoch;
  auto withdrawn = std::make_shared<WithdrawnLists>();
  for (const auto& list : lists_) {
    if (auto why = assayfs::WhyWithdrawn(*list, *withdrawals)) {
      withdrawn->emplace(list.get(),
                         std::make_unique<const Withdrawn>(std::move(*why)));
    }
  }
  index->withdrawals_ = std::move(withdrawals);
  index->withdrawn_ = std::move(withdrawn);
  index->CountAlive();
  return index;
}

const Withdrawn* DigestIndex::WhyWithdrawn(const LoadedList& list) const {
  const auto found = withdrawn_->find(&list);
  return found == withdrawn_->end() ? nullptr : found->second.get();
}

bool DigestIndex::keeps_more() const {
  return tables_->lists.size() > lists_.size();
}

void DigestIndex::CountAlive() {
  std::array<bool, kHashAlgorithmCount> used{};
  digest_count_ = 0;
  for (const auto& list : lists_) {
    digest_count_ += list->files.size();
    for (const HashAlgorithm algorithm : list->files.Algorithms()) {
      used[static_cast<std::size_t>(algorithm)] = true;
    }
  }
  for (const Digest& digest : withdrawals_->revocations.digests()) {
    used[static_cast<std::size_t>(digest.algorithm())] = true;
  }
  algorithms_.clear();
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) algorithms_.push_back(static_cast<HashAlgorithm>(i));
  }
}

std::vector<DigestIndex::Entry> DigestIndex::WithReasons(
    std::vector<Entry> entries) const {
  if (withdrawn_->empty()) return entries;
  for (Entry& entry : entries) entry.withdrawn = WhyWithdrawn(*entry.list);
  return entries;
}

std::vector<DigestIndex::Entry> DigestIndex::FindDigest(
    const Digest& digest) const {
  const std::uint64_t key = digest.Beginning();
  return WithReasons(
      tables_->Find(tables_->by_digest, DigestKey, key, key, alive_,
                    [&](const PackedFiles& files, std::size_t file) {
                      return files.DigestOf(file) == digest;
                    }));
}

std::vector<DigestIndex::Entry> DigestIndex::FindPath(
    std::string_view path) const {
  const std::uint64_t key = KeyOf(path);
  return WithReasons(
      tables_->Find(tables_->by_path, PathKey, key, key, alive_,
                    [&](const PackedFiles& files, std::size_t file) {
                      return files.PathOf(file) == path;
                    }));
}

std::vector<DigestIndex::Entry> DigestIndex::FindNamed(
    std::string_view name) const {
  const std::uint64_t first = FirstKeyOf(name);
  return WithReasons(
      tables_->Find(tables_->by_path, PathKey, first, first | kLowerHalf,
                    alive_, [&](const PackedFiles& files, std::size_t file) {
                      return NameOf(files.PathOf(file)) == name;
                    }));
}

std::vector<DigestIndex::Link> DigestIndex::FindLinksNamed(
    std::string_view name) const {
  std::vector<Link> found;
  const auto [begin, end] = tables_->links.equal_range(name);
  for (auto link = begin; link != end; ++link) {
    const auto [number, listed] = link->second;
    const LoadedList& list = *tables_->lists[number];
    const bool counts = list.verified && WhyWithdrawn(list) == nullptr;
    if (alive_[number] && counts) found.push_back({&list, listed});
  }
  return found;
}

std::vector<DigestIndex::Entry> DigestIndex::FindPrivileged() const {
  std::vector<Entry> found;
  for (const auto& [list, file] : tables_->privileged) {
    if (alive_[list])
      found.push_back({tables_->lists[list].get(), file, nullptr});
  }
  return WithReasons(std::move(found));
}

}  // namespace assayfs
