// SPDX-License-Identifier: Apache-2.0
// What a simulated mount knows of a use, as a mount finds it out.
#pragma once

#include <string>

#include "app/scenario/alone/simulated_tree.h"
#include "app/scenario/scenario.h"
#include "app/uses/decide_use.h"
#include "appraise/digest_index.h"
#include "appraise/file_systems.h"
#include "base/result.h"
#include "policy/match.h"
#include "policy/policy.h"

namespace assayfs {

// What rules can ask of a use. path, entry: of the file itself; system: that
// the tree is said to be on. Threads: pure function.
assayfs::Use DescribeUse(const Step& step, const std::string& path,
                         const TreeEntry& entry, Mask mask,
                         const Policy& policy, const FileSystem& system);

// What of a file a use with these demands is decided by. path: of a file in the
// tree. scenario: has the lists that may give it other paths, through links.
// Errors: those of HashBytes. Threads: pure function.
Result<KnownFile> DescribeFile(const Scenario& scenario,
                               const SimulatedTree& tree,
                               const std::string& path,
                               const DigestIndex& index,
                               const DemandList& demands);

// Says whether following a link is denied, as NameJudge does. use: of the link.
// Threads: pure function.
bool DeniesLink(const Policy& policy, const DigestIndex& index,
                const SimulatedTree& tree, const assayfs::Use& use,
                const std::string& path);

}  // namespace assayfs
