// SPDX-License-Identifier: Apache-2.0
// Checking the rules, and the words between "%", of a scenario.
#pragma once

#include "app/scenario/format/toml_reader.h"
#include "app/scenario/scenario.h"

namespace assayfs {

// scenario: has the tree, and the includes, that may be named.
// Threads: pure functions.

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
