// SPDX-License-Identifier: Apache-2.0
// Reports of a replay.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/uses/replay.h"

namespace assayfs {

// Returns lines for people: the counts, then denials by package, by program, by
// user and by rule, new ones marked, then content that no list knows by folder;
// of each the groups with most that is new, then the largest, and a few paths.
// Threads: pure function.
std::string ReplayText(const Replay& replay);

// Returns everything. Paths are as in records, see WriteUse. Threads: pure
// function.
nlohmann::json ReplayJson(const Replay& replay);

}  // namespace assayfs
