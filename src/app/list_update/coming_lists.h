// SPDX-License-Identifier: Apache-2.0
// From package files to the lists that an update brings.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/list_update/list_update.h"
#include "appraise/check_list.h"
#include "assayfs/signature_verifier.h"
#include "base/result.h"

namespace assayfs {

struct ComingLists {
  std::vector<ComingList> lists;
  // What is not among them, by path, and why: as of CheckList, or of reading.
  std::vector<std::pair<std::string, Error>> refused;
};

// Reads package files, whose headers become lists, and files that are lists,
// and checks each as CheckList does; floors are not looked at. Threads: safe.
ComingLists ReadComingLists(const std::vector<std::string>& paths,
                            const SignatureVerifier& verifier,
                            const ListRules& rules);

}  // namespace assayfs
