// SPDX-License-Identifier: Apache-2.0
// ListLoader: one reading of a source, from bytes to lists that count.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appraise/check_list.h"
#include "appraise/digest_index.h"
#include "appraise/list_source.h"
#include "appraise/list_watcher.h"
#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"

namespace assayfs {

struct RejectedList {
  std::string name;
  std::string error;
};

// What one reading of a source gave.
struct SourceState {
  DigestIndex::Lists lists;
  std::vector<RejectedList> rejected;
  std::optional<Error> unreadable;  // the source as a whole
  // Lists that nobody wished for, by name, and those among them that were
  // measured ahead.
  std::set<std::string> waiting;
  std::set<std::string> measured_ahead;
};

// Which lists of a folder to load, where not all are loaded at once.
struct Wish {
  // These, and, if they are to be measured in order, before them those that
  // come before them are measured.
  std::set<std::string> names;
  bool in_order = false;
  // One after the other, in their order, until each of these finds a digest in
  // a list, or an algorithm in which it has none.
  std::vector<std::vector<Digest>> searches;

  // Says whether a list is to be loaded, or measured ahead.
  bool Wants(const std::string& name) const;
  bool WantsAhead(const std::string& name) const;
  // Takes away the searches that end with this list.
  void Found(const LoadedList& list);
};

// Says whether one of the changes is, or may be, about a list.
bool Concern(const std::set<ListWatcher::Change>& changes,
             const LoadedList& list);

// Reads sources. Lists are checked on all processors, and measured one after
// the other in their order.
// Threads: one call at a time.
class ListLoader {
 public:
  // measurer: borrowed, must outlive this.
  ListLoader(ListRules rules, Measurer& measurer)
      : rules_(rules), measurer_(measurer) {}

  // What is known of a source from before.
  struct Earlier {
    // The last reading; null to check every list again.
    const SourceState* state = nullptr;
    // What changed since, and was watched. What no change concerns is not read
    // again. Nothing: anything may have changed, but what is the same bytes is
    // not checked again.
    const std::set<ListWatcher::Change>* changes = nullptr;
  };
  // number: of the source in its store. A list that fails is named in
  // rejected, and stops no other. wish: null for all lists; heeded for folders
  // only.
  SourceState Load(std::size_t number, const ListSource& source,
                   const Earlier& earlier, const SignatureVerifier& verifier,
                   Wish* wish = nullptr);

 private:
  class Pass;

  ListRules rules_;
  Measurer& measurer_;
};

}  // namespace assayfs
