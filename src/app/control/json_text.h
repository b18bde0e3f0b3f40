// SPDX-License-Identifier: Apache-2.0
// Reading JSON from another process without ever throwing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assayfs {

// Returns the member as a printable line; numbers and booleans as JSON writes
// them, and an empty string if it is missing or null.
std::string TextOf(const nlohmann::json& object, const char* name);

// Returns the member; null if it is missing or object is no object.
const nlohmann::json& MemberOf(const nlohmann::json& object, const char* name);

// Returns JSON on one line; bytes that are not UTF-8 are replaced.
std::string LineOf(const nlohmann::json& value);

}  // namespace assayfs
