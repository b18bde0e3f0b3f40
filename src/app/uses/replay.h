// SPDX-License-Identifier: Apache-2.0
// Replay: what of recorded uses a policy and lists would deny.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/uses/use_log.h"
#include "appraise/accounts.h"
#include "appraise/digest_index.h"
#include "policy/policy.h"

namespace assayfs {

// A use that would be denied, or of which that cannot be said.
struct ReplayedUse {
  const LoggedUse* logged = nullptr;
  Verdict verdict = Verdict::kDeny;
  Reason reason = Reason::kUnknownContent;
  std::string rule;     // its place in the policy; empty if there is none
  std::string detail;   // for people; may be empty
  std::string package;  // see PackageNaming; may be empty
  bool is_new = false;  // the verdict that was recorded was no denial
};

struct Replay {
  std::size_t uses = 0;
  std::vector<ReplayedUse> denied;  // in the order of the record
  std::vector<ReplayedUse> undecided;
  // Compared with the verdicts that were recorded: those of the policy of that
  // mount, whatever its mode made of them.
  std::size_t new_denials = 0;
  std::size_t no_longer_denied = 0;
  // Of how many uses something that rules bind was not compared, by the words
  // of ParseBinding.
  std::map<std::string, std::size_t> not_compared;
  // Content that no list knows, and that a use would be denied for.
  struct Unknown {
    std::string path;
    std::vector<Digest> digests;
    auto operator<=>(const Unknown&) const = default;
  };
  std::set<Unknown> unknown;
};

// Replays uses. A use is undecided if a list may know its content by a digest
// that was not recorded. owners: of the tree. The result points into uses.
// Threads: pure function.
Replay ReplayUses(const std::vector<LoggedUse>& uses, const Policy& policy,
                  const DigestIndex& index, const Owners& owners);

}  // namespace assayfs
