// SPDX-License-Identifier: Apache-2.0
// Reading the tree and the lists that a scenario begins with.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "app/scenario/format/toml_reader.h"
#include "app/scenario/scenario.h"

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

// Complains of items that are settings: behind the head of a table, TOML takes
// them for a part of it.
void RefuseSettings(const TomlValue& table, TomlComplaint& complaint);
// The settings of a scenario.
inline constexpr std::array<std::string_view, 12> kSettings = {
    "title", "policy",  "policy_file", "policy_signed_by",
    "mode",  "bind",    "floors",      "read_only",
    "pcr",   "trusted", "only_alone",  "only_mounted"};

// The largest number of a user or a group; the next one stands for none.
// Source: chown(2).
inline constexpr std::uint32_t kMaxId = 0xfffffffe;

}  // namespace assayfs
