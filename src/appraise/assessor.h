// SPDX-License-Identifier: Apache-2.0
// Assessor: from a use of a file to a decision and all that led to it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appraise/bound_tree.h"
#include "appraise/content_keeper.h"
#include "appraise/evidence.h"
#include "appraise/list_store.h"
#include "appraise/use_facts.h"
#include "base/guarded.h"
#include "policy/decide.h"

namespace assayfs {

// All that led to a decision.
struct Assessment : Outcome {
  Use use;                                   // with what was found out of it
  std::shared_ptr<const Policy> policy;      // decision points into it
  std::shared_ptr<const DigestIndex> index;  // grounds point into it
  std::shared_ptr<const Content> content;    // null if it was not needed
  bool cached = false;
  Grounds grounds;  // of the demand that decided
};

// Threads: safe. No lock is held while a file is hashed.
class Assessor {
 public:
  struct Options {
    int root_fd = -1;  // see Appraiser
    std::set<std::string> unbound;
    // All that a policy may ask is found out of each use, whatever this one
    // asks, and what is read is hashed, even if no rule speaks of it.
    bool everything = false;
  };
  // lists, contents: borrowed.
  Assessor(Options options, Policy policy, ListStore& lists,
           ContentKeeper& contents);

  // fd: the file, open for reading; borrowed. Errors: EINTR if told to give up.
  // Other failures are part of the decision.
  Result<Assessment> Assess(int fd, const Use& use, const GiveUp& give_up);

  // Puts what a policy may ask of a file that is not read into use. fd: O_PATH
  // will do; borrowed.
  void Describe(int fd, Use& use) const;

  // Says whether content may be read under each rule that appraises reading,
  // whoever reads it and whatever the file is called. changed: more digests are
  // revoked than when it was hashed, perhaps in other algorithms.
  enum class Revoked { kSame, kMore };
  bool MayAlwaysBeRead(const Content& content, const DigestIndex& index,
                       Revoked revoked) const;

  void SetPolicy(Policy policy);
  std::shared_ptr<const Policy> policy() const;

 private:
  struct Task;
  struct Found;
  Result<void> Gather(Task& task);
  Result<bool> LoadNeeded(const Task& task);
  bool LookUp(Task& task, const Demand& demand, Found& found);

  const int root_fd_;
  const bool everything_;
  ListStore& lists_;
  ContentKeeper& contents_;
  const BoundTree tree_;
  UseFacts facts_;
  Guarded<std::shared_ptr<const Policy>> policy_;
};

}  // namespace assayfs
