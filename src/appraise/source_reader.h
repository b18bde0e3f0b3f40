// SPDX-License-Identifier: Apache-2.0
// SourceReader: what all sources of lists gave when they were last read.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "appraise/list_loader.h"
#include "base/result.h"

namespace assayfs {

// When a list of a folder is loaded: kSorted, all at the start, in their order;
// kOnUse, when something is looked for that it may know.
enum class ListOrder { kSorted, kOnUse };

// What somebody looks for in lists that are not loaded yet.
struct Needed {
  std::vector<Digest> digests;
  // Lists that were looked at already: what they have was not enough.
  DigestIndex::Lists seen;
  std::string hint;  // the name of the list to begin with; may be wrong
};

// Threads: one call at a time.
class SourceReader {
 public:
  using VerifierPtr = std::shared_ptr<const SignatureVerifier>;
  using Change = ListWatcher::Change;
  struct Options {
    std::vector<ListSource> sources;
    ListOrder order = ListOrder::kSorted;
    ListRules rules;
    // Begins to watch the numbered source; called before each reading of it.
    std::function<Result<void>(std::size_t)> watch;
  };
  // measurer: borrowed, must outlive this.
  SourceReader(Options options, Measurer& measurer);

  // By what lists are read.
  struct Basis {
    VerifierPtr verifier;
    decltype(ListRules::pcr_for) pcr_for;
    // Says whether what was read, which this reader has then, will do. Null: it
    // will.
    std::function<Result<void>()> check;
  };
  // Reads everything anew. Errors: that of a source that cannot be read at
  // all, and those of the check; all but the measurements is then as it was.
  Result<void> ReadAll(Basis basis);

  // Reads what changed since.
  void ReadChanged(const std::set<Change>& changes);

  // Loads lists that are waiting, until nothing is looked for any more.
  void ReadNeeded(std::vector<Needed> needed);

  // What is loaded, in loading order.
  DigestIndex::Lists lists() const;
  std::vector<RejectedList> rejected() const;
  // Number of lists that are waiting to be needed.
  std::size_t waiting() const;
  // Says whether every source could be read.
  bool whole() const;

 private:
  // Reads the numbered source. previous: what to take over from; null to check
  // every list again. changes: since previous; what they do not concern is not
  // read.
  SourceState Read(std::size_t source, const SourceState* previous,
                   const std::set<Change>& changes, Wish* wish = nullptr);
  Result<void> ReadEach();
  void Fulfil(Wish& wish);

  const Options options_;
  Measurer& measurer_;
  // Both null until all is read for the first time.
  std::unique_ptr<ListLoader> loader_;
  VerifierPtr verifier_;
  std::vector<SourceState> states_;
};

}  // namespace assayfs
