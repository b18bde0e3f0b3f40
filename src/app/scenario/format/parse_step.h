// SPDX-License-Identifier: Apache-2.0
// Reading one step of a scenario.
#pragma once

#include "app/scenario/format/toml_reader.h"
#include "app/scenario/scenario.h"

namespace assayfs {

// Reads a table "step". scenario: tree, lists and keys that it may name.
// Complains of what is wrong, and then returns nothing to be used.
// Threads: pure function.
Step ParseStep(const TomlValue& value, const Scenario& scenario,
               TomlComplaint& complaint);

}  // namespace assayfs
