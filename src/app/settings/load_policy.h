// SPDX-License-Identifier: Apache-2.0
// Policies by name or from files.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "policy/policy.h"

namespace assayfs {

// Reads the policy: a built-in name, or else a file of rules. pcr: of the
// mount. What a line "include" names is a built-in one, too, or a file; it is
// looked for in the folder of the file that the line is in. Errors: ENOENT for
// neither; EFBIG over 1 MiB; as ParsePolicy.
Result<Policy> LoadPolicy(const std::string& name_or_path, std::uint32_t pcr);

}  // namespace assayfs
