// SPDX-License-Identifier: Apache-2.0
// Reports of content that no list knows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/uses/learn.h"

namespace assayfs {

// Returns lines for people: contents by folder, in it by the programs that made
// or used them, and the counts. Threads: pure function.
std::string LearnText(const UnknownContents& contents);

// Returns everything. Paths are as in records, see WriteUse. Threads: pure
// function.
nlohmann::json LearnJson(const UnknownContents& contents);

}  // namespace assayfs
