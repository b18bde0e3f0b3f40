// SPDX-License-Identifier: Apache-2.0
// ListStore: loads digest lists from where they are, and follows changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "appraise/check_list.h"
#include "appraise/digest_index.h"
#include "appraise/list_source.h"
#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"

namespace assayfs {

// Keeps the current DigestIndex.
//
// Each list goes through CheckList and is published under the next epoch. A
// list that fails is left out, named in Rejected(), and tried again when it
// changes. Lists of
// one source load in the order of LoadsBefore; sources in the order given.
//
// Changes are followed without being told: creation, writing, rename in and
// over, removal, links, and replacement of the folder or any folder above it.
// A list that changed or went is out of the index that the next Current()
// returns; a list that came is in it soon after, by the loading thread.
// Threads: safe. Current() does no I/O on lists and no TPM command.
class ListStore {
 public:
  struct Options {
    std::vector<ListSource> sources;
    ListRules rules;
  };

  // Loads everything and starts to watch. measurer: borrowed.
  // Errors: ENOENT and the like for a source that cannot be read at all; those
  // of inotify_init1(2). A bad list is no error.
  static Result<std::unique_ptr<ListStore>> Open(
      Options options, std::shared_ptr<const SignatureVerifier> verifier,
      Measurer& measurer);
  ~ListStore();

  // The index as it stands after every change that happened before the call
  // took away what it takes away. Cheap; for the path of an open.
  std::shared_ptr<const DigestIndex> Current();

  // Waits until every change that happened before the call is loaded, or the
  // time is over; false then.
  bool WaitUntilLoaded(std::chrono::milliseconds limit);

  // Reads everything again, with another set of keys; returns when published.
  // Errors: as Open; the old lists then stay.
  Result<void> Reload(std::shared_ptr<const SignatureVerifier> verifier);

  // Calls gone, which may be null, whenever lists went from the index: with
  // them, and perhaps with some that are back again; once when that has begun
  // to hold and again some time later, for who had looked just before. On the
  // loading thread, or the one that calls Reload. What was given before is not
  // called any more when this returns.
  using GoneListener = std::function<void(const DigestIndex::Lists& gone)>;
  void Listen(GoneListener gone);

  struct RejectedList {
    std::string name;
    std::string error;
  };
  std::vector<RejectedList> Rejected() const;

 private:
  struct Impl;
  explicit ListStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assayfs
