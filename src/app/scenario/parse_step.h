// SPDX-License-Identifier: Apache-2.0
// Reading one step of a scenario.
#pragma once

#include "app/scenario/scenario.h"
#include "app/scenario/toml_reader.h"

namespace assayfs {

// Reads a table "step". scenario: tree, lists and keys that it may name.
// Complains of what is wrong, and then returns nothing to be used.
// Threads: pure function.
Step ParseStep(const TomlValue& value, const Scenario& scenario,
               TomlComplaint& complaint);

// Complains of text that holds a "%" but that Materials::Expand refuses.
void CheckMarks(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint);

// As CheckMarks, of text that is rules. Complains also of an include that is
// neither one of the scenario nor a built-in policy: files of this machine are
// none of it.
void CheckRules(const TomlValue& value, const Scenario& scenario,
                TomlComplaint& complaint);

// As CheckRules. Complains also of one word that is not the name of a built-in
// policy: everything else is taken for rules.
void CheckPolicy(const TomlValue& value, const Scenario& scenario,
                 TomlComplaint& complaint);

}  // namespace assayfs
