// SPDX-License-Identifier: Apache-2.0
// The lists of packages that a command is about to install.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Looks for package files among the words of a command and, if there are any,
// begins an update of lists (see ListUpdate) with theirs: in the first folder
// that the mount takes lists from, with its keys and rules, of the RPM database
// below the mount point, or else of "/". control: as for AskMount.
// Returns the folder; empty if there is nothing to settle afterwards.
// Errors: EKEYREJECTED, naming it, for a package that the mount would not take
// a list of; ENOENT if the mount takes lists from no folder; those of AskMount,
// Keyring::Load and ListUpdate. Nothing was begun then.
Result<std::string> AddListsOfPackages(const std::string& mount_point,
                                       const std::string& control,
                                       const std::vector<std::string>& command);

// Ends that update, unless somebody did already.
// Errors: as ListUpdate::Open and ListUpdate::Settle.
Result<void> EndListsOfPackages(const std::string& folder);

}  // namespace assayfs
