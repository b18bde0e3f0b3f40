// SPDX-License-Identifier: Apache-2.0
// From --lists arguments to list sources.
#pragma once

#include <string>
#include <vector>

#include "appraise/list_source.h"
#include "base/result.h"

namespace assayfs {

// Makes a source of each argument: a folder, one list file, or "rpmdb:ROOT"
// (the RPM database of the system below ROOT). Relative paths are made
// absolute here, so that a later change of folder does not matter.
// Errors: ENOENT and the like for what does not exist; the message names it.
Result<std::vector<ListSource>> MakeListSources(
    const std::vector<std::string>& arguments);

}  // namespace assayfs
