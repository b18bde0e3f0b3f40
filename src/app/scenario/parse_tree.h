// SPDX-License-Identifier: Apache-2.0
// Reading the tree and the lists that a scenario begins with.
#pragma once

#include <map>
#include <string>

#include "app/scenario/scenario.h"
#include "app/scenario/toml_reader.h"

namespace assayfs {

// Each complains of what is wrong; what it has put out then is not to be used.
// Threads: pure functions.

// Reads the table "tree" into scenario.
void ParseTree(const TomlValue& value, TomlComplaint& complaint,
               Scenario& scenario);

// Reads a table of lists into out. scenario: has the tree whose files they may
// name, and lists whose names are taken.
void ParseLists(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint,
                std::map<std::string, ScenarioList>& out);

// The largest number of a user or a group; the next one stands for none.
// Source: chown(2).
inline constexpr std::uint32_t kMaxId = 0xfffffffe;

}  // namespace assayfs
