// SPDX-License-Identifier: Apache-2.0
// ListStore: loads digest lists from where they are, and follows changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "appraise/check_list.h"
#include "appraise/digest_index.h"
#include "appraise/source_reader.h"
#include "appraise/withdrawal_keeper.h"
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
// Revocations are followed as well. What comes there counts in the index that
// the next Current() returns. If they cannot be read, those from before stay.
// Threads: safe. Current() does no I/O on lists and no TPM command; it reads
// revocations that changed.
class ListStore {
 public:
  struct Options {
    std::vector<ListSource> sources;
    ListOrder order = ListOrder::kSorted;
    ListRules rules;
    WithdrawalKeeper::Options withdrawals;
  };

  // What a reading gave.
  struct Reading {
    DigestIndex::Lists lists;
    std::vector<RejectedList> rejected;
    std::size_t waiting = 0;  // lists that are not loaded yet
    std::shared_ptr<const Withdrawals> withdrawals;
  };
  // By what lists are read.
  struct Basis {
    std::shared_ptr<const SignatureVerifier> verifier;
    decltype(ListRules::pcr_for) pcr_for = {};  // instead of that of the rules
    // Says whether what was read will do. Null: it will.
    std::function<Result<void>(const Reading&)> check = {};
  };

  // Loads everything and starts to watch. measurer: borrowed.
  // Errors: ENOENT and the like for a source that cannot be read at all; those
  // of Revocations::AddPath and inotify_init1(2), and of the check. A bad list
  // is no error.
  static Result<std::unique_ptr<ListStore>> Open(Options options, Basis basis,
                                                 Measurer& measurer);
  ~ListStore();

  // The index as it stands after every change that happened before the call
  // took away what it takes away. Cheap; for the path of an open.
  std::shared_ptr<const DigestIndex> Current();

  // Waits until every change that happened before the call is loaded, or what
  // Need gave the ticket for; or the time is over: false then.
  bool WaitUntilLoaded(std::chrono::milliseconds limit,
                       std::uint64_t ticket = 0);

  // Asks for lists that are not loaded yet, until one knows one of digests, or
  // one has an algorithm that digests lack. seen: lists whose answer was not
  // enough, so that they are not taken for one. hint: the name of a list to
  // begin with; may be empty, or wrong. The others follow in their order. If
  // the folder has the attribute security.dig_prefetch "1", the lists before
  // one that is loaded are measured before it. Loading goes on in the
  // background: see WaitUntilLoaded. Returns a ticket to wait for; 0 if there
  // is nothing more to load.
  std::uint64_t Need(std::vector<Digest> digests, DigestIndex::Lists seen,
                     std::string hint);

  // Number of lists that are not loaded yet.
  std::size_t waiting() const;

  // Raises the floor of a name that is no package's, and writes it down. If
  // that fails, it holds all the same, and Rejected() has a line for it.
  void RaiseFloor(const std::string& name, const std::string& version);

  // Those that hold now.
  Floors floors() const;

  // Reads everything again, and from then on; returns when published.
  // Errors: as Open, and those of the check; the old lists, and what they are
  // read by, then stay.
  Result<void> Reload(Basis basis);

  // What counts no more: lists, perhaps with some that are back again, and
  // content that was revoked by its digest.
  struct Gone {
    DigestIndex::Lists lists;
    std::set<Digest> digests;
    bool again = false;  // all of it was told of before

    bool empty() const { return lists.empty() && digests.empty(); }
  };
  // Calls gone, which may be null, whenever something counts no more: once when
  // that has begun to hold and again some time later, for who had looked just
  // before. On the loading thread, or the one that calls Reload. What was given
  // before is not called any more when this returns.
  using GoneListener = std::function<void(const Gone& gone)>;
  void Listen(GoneListener gone);

  std::vector<RejectedList> Rejected() const;

 private:
  struct Impl;
  explicit ListStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace assayfs
