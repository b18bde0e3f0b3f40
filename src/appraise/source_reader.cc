// SPDX-License-Identifier: Apache-2.0
// SourceReader: all of it, what changed, or what is needed.
#include "appraise/source_reader.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace assayfs {
namespace {

// Says whether the folder asks for its lists to be measured in their order.
bool MeasuresInOrder(const ListSource& source) {
  std::array<char, 2> value{};  // some tools write a zero byte at the end
  const ssize_t size = ::getxattr(source.path.c_str(), "security.dig_prefetch",
                                  value.data(), value.size());
  return size >= 1 && value[0] == '1' && (size == 1 || value[1] == '\0');
}

}  // namespace

SourceReader::SourceReader(Options options, Measurer& measurer)
    : options_(std::move(options)),
      measurer_(measurer),
      states_(options_.sources.size()) {}

SourceState SourceReader::Read(std::size_t source, const SourceState* previous,
                               const std::set<Change>& changes, Wish* wish) {
  Wish none;
  if (wish == nullptr && options_.order == ListOrder::kOnUse) wish = &none;
  const ListSource& place = options_.sources[source];
  // Watch before reading: what changes in between is told of and read again.
  const auto watched = options_.watch(source);
  // Of a source that is not watched, anything may have changed.
  SourceState state = loader_->Load(
      source, place,
      {.state = previous, .changes = watched ? &changes : nullptr}, *verifier_,
      wish);
  if (!watched) {
    state.rejected.push_back({place.label.empty() ? place.path : place.label,
                              watched.error().message()});
  }
  return state;
}

Result<void> SourceReader::ReadEach() {
  for (std::size_t s = 0; s < states_.size(); ++s) {
    states_[s] = Read(s, nullptr, {});
    if (states_[s].unreadable) return Fail(*states_[s].unreadable);
  }
  return {};
}

Result<void> SourceReader::ReadAll(Basis basis) {
  ListRules rules = options_.rules;
  rules.pcr_for = std::move(basis.pcr_for);
  auto loader = std::exchange(
      loader_, std::make_unique<ListLoader>(std::move(rules), measurer_));
  auto verifier = std::exchange(verifier_, std::move(basis.verifier));
  auto states =
      std::exchange(states_, std::vector<SourceState>(states_.size()));
  auto read = ReadEach();
  if (read && basis.check) read = basis.check();
  if (read) return read;
  loader_ = std::move(loader);
  verifier_ = std::move(verifier);
  states_ = std::move(states);
  return read;
}

void SourceReader::ReadChanged(const std::set<Change>& changes) {
  std::set<std::size_t> changed;
  for (const Change& change : changes) changed.insert(change.source);
  for (const std::size_t source : changed) {
    states_[source] = Read(source, &states_[source], changes);
  }
}

void SourceReader::Fulfil(Wish& wish) {
  for (std::size_t s = 0; s < states_.size(); ++s) {
    // A list that was numbered has a link under its name from before.
    for (const std::string& name : std::set(wish.names)) {
      const std::string path = options_.sources[s].path + "/" + name;
      if (auto target = AliasTarget(AT_FDCWD, path)) {
        wish.names.insert(std::move(*target));
      }
    }
    const bool wanted = std::ranges::any_of(
        states_[s].waiting,
        [&wish](const std::string& name) { return wish.Wants(name); });
    if (!wanted) continue;
    wish.in_order = MeasuresInOrder(options_.sources[s]);
    states_[s] = Read(s, &states_[s], {}, &wish);
  }
}

void SourceReader::ReadNeeded(std::vector<Needed> needed) {
  Wish hints;
  Wish search;
  for (Needed& one : needed) {
    if (!one.hint.empty()) hints.names.insert(std::move(one.hint));
  }
  if (!hints.names.empty()) Fulfil(hints);
  for (Needed& one : needed) {
    const std::set seen(one.seen.begin(), one.seen.end());
    Wish alone;
    alone.searches.push_back(std::move(one.digests));
    // Others may have had it loaded meanwhile.
    for (const auto& list : lists()) {
      if (!seen.contains(list)) alone.Found(*list);
    }
    std::ranges::move(alone.searches, std::back_inserter(search.searches));
  }
  if (!search.searches.empty()) Fulfil(search);
}

DigestIndex::Lists SourceReader::lists() const {
  DigestIndex::Lists lists;
  for (const SourceState& state : states_) {
    lists.insert(lists.end(), state.lists.begin(), state.lists.end());
  }
  return lists;
}

std::vector<RejectedList> SourceReader::rejected() const {
  std::vector<RejectedList> rejected;
  for (const SourceState& state : states_) {
    rejected.insert(rejected.end(), state.rejected.begin(),
                    state.rejected.end());
  }
  return rejected;
}

std::size_t SourceReader::waiting() const {
  std::size_t count = 0;
  for (const SourceState& state : states_) count += state.waiting.size();
  return count;
}

bool SourceReader::whole() const {
  return std::ranges::none_of(states_, [](const SourceState& state) {
    return state.unreadable.has_value();
  });
}

}  // namespace assayfs
