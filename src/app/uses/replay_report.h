// SPDX-License-Identifier: Apache-2.0
// Reports of a replay.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/uses/replay.h"

namespace assayfs {

// Returns lines for people: the counts, then new denials by package and by
// program, then content that no list knows by folder; of each the largest
// groups, and a few paths of each. Threads: pure function.
std::string ReplayText(const Replay& replay);

// Returns everything. Bytes that are not UTF-8 are left in. Threads: pure
// function.
nlohmann::json ReplayJson(const Replay& replay);

}  // namespace assayfs
