// SPDX-License-Identifier: Apache-2.0
// ListStore: loads digest lists from where they are, and follows changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "appraise/digest_index.h"
#include "assayfs/measurer.h"
#include "assayfs/signature_verifier.h"
#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// A list as its source gives it, nothing checked yet.
struct RawList {
  std::string name;  // decides format and order, see lists/list_name.h
  ByteVector bytes;  // payload and appended signature
};

// Where lists come from. For a folder or a file, only path is set. For
// anything else, read returns all lists at once (in loading order) and path is
// the folder whose changes mean that it must be called again.
struct ListSource {
  std::string path;    // absolute
  std::string label;   // how messages call it, such as "rpmdb:/"
  std::function<Result<std::vector<RawList>>()> read;
};

// Keeps the current DigestIndex.
//
// For each list: read with a size cap, split, verify, refuse weak digests,
// measure, parse, and publish under the next epoch. A list that fails any step
// is left out, named in Rejected(), and tried again when it changes. Lists of
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
    bool allow_weak = false;  // take MD5, SHA-1 and SHA-224 digests too
    // Leave out unverified lists (enforcement), or load them marked as not
    // verified (measuring only).
    bool require_signature = true;
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
