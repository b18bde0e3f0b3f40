// SPDX-License-Identifier: Apache-2.0
// What `why` says, as JSON and as text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "appraise/appraiser.h"

namespace assayfs {

// Returns what to do about a verdict; empty if nothing has to be done.
std::string FixFor(const Appraiser::Explanation& explanation);

// Returns the object that assayfs(8) documents for `why --json`. What is not
// known (rule, digest) is null. Threads: pure function.
nlohmann::json ExplanationJson(const Appraiser::Explanation& explanation);

// Returns the same for people, one thing a line; takes the object, as the
// client has no more than that. Threads: pure function.
std::string ExplanationText(const nlohmann::json& explanation);

}  // namespace assayfs
