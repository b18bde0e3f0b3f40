// SPDX-License-Identifier: Apache-2.0
// The program under the name mount.assayfs, as mount(8) calls it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Returns the words after the program's name. If the program was called as
// "mount.assayfs SPEC DIR [-sfnv] [-N ns] [-o options] [-t type]", they are
// those of the `mount` verb that does the same.
// Errors: EINVAL for words that mount(8) would not give.
// Threads: pure function.
Result<std::vector<std::string>> WordsOfCommandLine(
    std::vector<std::string> arguments);

}  // namespace assayfs
