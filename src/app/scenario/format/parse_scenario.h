// SPDX-License-Identifier: Apache-2.0
// Reading scenarios from TOML.
#pragma once

#include <string>
#include <string_view>

#include "app/scenario/scenario.h"
#include "base/result.h"

namespace assayfs {

// Reads the text of a scenario file, in the form of assayfs-scenario(5).
// name: see Scenario.
// Errors: EINVAL "NAME.toml:LINE:COLUMN: ..." for text that is not TOML, a key
// that is not known, a value of the wrong kind, a step that does nothing or two
// things, or that names a file, list or key that is not there.
// Threads: pure function.
Result<Scenario> ParseScenario(std::string name, std::string_view text);

}  // namespace assayfs
