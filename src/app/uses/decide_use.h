// SPDX-License-Identifier: Apache-2.0
// DecideUse: decides a use of content by an index, without a file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "appraise/bound_tree.h"
#include "appraise/digest_index.h"
#include "appraise/evidence.h"
#include "policy/decide.h"
#include "policy/match.h"

namespace assayfs {

// What is known of a file that is not there to be looked at.
struct KnownFile {
  std::vector<Digest> digests;     // of its content
  std::vector<std::string> paths;  // under which a list may name it
  bool regular = true;
  bool writer_active = false;
  bool failed = false;  // reading or hashing failed
  FoundAttributes attributes = {};
  // What may be held against lists, because it is known: the paths, and which
  // of the attributes.
  Binding comparable = {};
};

// All that led to a decision.
struct UseDecision : Outcome {
  Grounds grounds;  // of the demand that decided
  // What rules bind and is not known, where it could have mattered.
  Binding not_compared;
};

// Decides as a mount does, by what is known of the file. demands: of policy, on
// this use. owners: of the tree. The result points into policy and index.
// Paths are compared as text. Threads: pure function.
UseDecision DecideUse(const Policy& policy, const DigestIndex& index,
                      const DemandList& demands, const KnownFile& file,
                      const Owners& owners);

// Returns the algorithms, of those that count under one of demands, in which a
// list may know content or it may be revoked, and in which digests has none.
// Without demands all count. Threads: pure function.
std::vector<HashAlgorithm> MissingAlgorithms(
    const DigestIndex& index, std::span<const Demand> demands,
    const std::vector<Digest>& digests);

}  // namespace assayfs
