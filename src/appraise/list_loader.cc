// SPDX-License-Identifier: Apache-2.0
// ListLoader: reading and checking a source, batch by batch.
#include "appraise/list_loader.h"

#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/parallel.h"
#include "crypto/hasher.h"
#include "lists/list_name.h"

namespace assayfs {
namespace {

using Change = ListWatcher::Change;

// The lists that no change concerns, by name.
std::unordered_map<std::string, std::shared_ptr<const LoadedList>> Unchanged(
    const ListLoader::Earlier& earlier) {
  std::unordered_map<std::string, std::shared_ptr<const LoadedList>> unchanged;
  if (earlier.state == nullptr || earlier.changes == nullptr) return unchanged;
  for (const auto& list : earlier.state->lists) {
    if (!Concern(*earlier.changes, *list)) unchanged.emplace(list->name, list);
  }
  return unchanged;
}

// Lists that are in memory as they are stored, until they are checked.
constexpr std::size_t kMostRaw = 256;
constexpr std::size_t kMostRawBytes = std::size_t{64} << 20;

// One raw list: what an earlier reading made of the very same bytes, or else
// what came out of checking it.
struct Checked {
  std::shared_ptr<const LoadedList> known;
  std::optional<Result<LoadedList>> fresh;  // if not known
};

Checked CheckOne(const RawList& raw, const SourceState* earlier,
                 const SignatureVerifier& verifier, const ListRules& rules) {
  if (earlier != nullptr && raw.bytes) {
    const auto sha256 = HashBytes(HashAlgorithm::kSha256, *raw.bytes);
    const auto same = std::ranges::find_if(earlier->lists, [&](const auto& l) {
      return sha256 && l->sha256 == *sha256 && l->origin == raw.origin &&
             l->file == raw.file;
    });
    if (same != earlier->lists.end()) return {.known = *same, .fresh = {}};
  }
  return {.known = nullptr, .fresh = CheckList(raw, verifier, rules)};
}

}  // namespace

bool Concern(const std::set<Change>& changes, const LoadedList& list) {
  return changes.contains({list.source, {}}) ||
         changes.contains({list.source, list.name});
}

bool Wish::Wants(const std::string& name) const {
  return names.contains(name) || !searches.empty();
}

bool Wish::WantsAhead(const std::string& name) const {
  return in_order && std::ranges::any_of(names, [&](const std::string& other) {
           return LoadsBefore(name, other);
         });
}

void Wish::Found(const LoadedList& list) {
  const auto algorithms = list.files.Algorithms();
  std::erase_if(searches, [&](const std::vector<Digest>& digests) {
    const auto lacks = [&](HashAlgorithm algorithm) {
      return std::ranges::count(digests, algorithm, &Digest::algorithm) == 0;
    };
    if (std::ranges::any_of(algorithms, lacks)) return true;
    for (std::size_t file = 0; file < list.files.size(); ++file) {
      if (std::ranges::count(digests, list.files.DigestOf(file)) > 0) {
        return true;
      }
    }
    return false;
  });
}

// One call of Load.
class ListLoader::Pass {
 public:
  Pass(ListLoader& loader, std::size_t number, const Earlier& earlier,
       const SignatureVerifier& verifier, Wish* wish)
      : loader_(loader),
        number_(number),
        earlier_(earlier),
        verifier_(verifier),
        wish_(wish),
        unchanged_(Unchanged(earlier)) {}

  // Takes over what is known of a list, or leaves it out. False if it is to be
  // read.
  bool Skips(const ListSource& source, const std::string& name) {
    if (const auto known = unchanged_.find(name); known != unchanged_.end()) {
      LoadBatch();  // what comes before it
      state_.lists.push_back(known->second);
      return true;
    }
    if (wish_ == nullptr) return false;
    if (TakesOverRejected(name)) return true;
    if (wish_->Wants(name)) return false;
    if (WasMeasuredAhead(name) || MeasuresAhead(source, name)) {
      state_.measured_ahead.insert(name);
    }
    state_.waiting.insert(name);
    return true;
  }

  void Visit(RawList raw) {
    batch_bytes_ += raw.bytes ? raw.bytes->size() : 0;
    batch_.push_back(std::move(raw));
    const bool full =
        batch_.size() >= kMostRaw || batch_bytes_ >= kMostRawBytes;
    if (full || wish_ != nullptr) LoadBatch();
  }

  SourceState Finish() {
    LoadBatch();
    return std::move(state_);
  }

 private:
  void LoadBatch();
  bool IsUnchanged(const std::string& name) const {
    return earlier_.state != nullptr && earlier_.changes != nullptr &&
           !earlier_.changes->contains({number_, {}}) &&
           !earlier_.changes->contains({number_, name});
  }
  bool TakesOverRejected(const std::string& name);
  bool WasMeasuredAhead(const std::string& name) const {
    return IsUnchanged(name) && earlier_.state->measured_ahead.contains(name);
  }
  bool MeasuresAhead(const ListSource& source, const std::string& name);

  ListLoader& loader_;
  const std::size_t number_;
  const Earlier earlier_;
  const SignatureVerifier& verifier_;
  Wish* const wish_;
  const std::unordered_map<std::string, std::shared_ptr<const LoadedList>>
      unchanged_;
  SourceState state_;
  std::vector<RawList> batch_;
  std::size_t batch_bytes_ = 0;
};

void ListLoader::Pass::LoadBatch() {
  std::vector<Checked> checked(batch_.size());
  ForAllInParallel(batch_.size(), [&](std::size_t i) {
    checked[i] = CheckOne(batch_[i], earlier_.state, verifier_, loader_.rules_);
  });
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (checked[i].known) {
      state_.lists.push_back(std::move(checked[i].known));
    } else {
      Result<LoadedList>& fresh = *checked[i].fresh;
      const auto measured =
          fresh ? MeasureList(*fresh, loader_.rules_, loader_.measurer_)
                : Result<void>(Fail(fresh.error()));
      if (!measured) {
        state_.rejected.push_back({batch_[i].name, measured.error().message()});
        continue;
      }
      fresh->source = number_;
      state_.lists.push_back(
          std::make_shared<const LoadedList>(std::move(*fresh)));
    }
    if (wish_ != nullptr) wish_->Found(*state_.lists.back());
  }
  batch_.clear();
  batch_bytes_ = 0;
}

// Or it would be read again for each file that no list knows.
bool ListLoader::Pass::TakesOverRejected(const std::string& name) {
  if (!IsUnchanged(name)) return false;
  const auto& before = earlier_.state->rejected;
  const auto known = std::ranges::find(before, name, &RejectedList::name);
  if (known == before.end()) return false;
  state_.rejected.push_back(*known);
  return true;
}

// A list that cannot be read is none that anything depends on.
bool ListLoader::Pass::MeasuresAhead(const ListSource& source,
                                     const std::string& name) {
  if (!wish_->WantsAhead(name)) return false;
  const RawList raw = ReadList(source.path + "/" + name, name);
  if (!raw.bytes) return false;
  const auto sha256 = HashBytes(HashAlgorithm::kSha256, *raw.bytes);
  const auto pcr = PcrFor(loader_.rules_, raw.origin, raw.file);
  if (!sha256 || !pcr) return false;
  return loader_.measurer_.Measure(pcr->number, raw.origin, sha256->value())
      .measured;
}

SourceState ListLoader::Load(std::size_t number, const ListSource& source,
                             const Earlier& earlier,
                             const SignatureVerifier& verifier, Wish* wish) {
  Pass pass(*this, number, earlier, verifier, wish);
  const auto read = VisitSource(
      source, [&](RawList raw) { pass.Visit(std::move(raw)); },
      [&](const std::string& name) { return pass.Skips(source, name); });
  SourceState state = pass.Finish();
  if (!read) {
    state.unreadable = read.error();
    state.rejected.push_back({source.label.empty() ? source.path : source.label,
                              read.error().message()});
  }
  return state;
}

}  // namespace assayfs
