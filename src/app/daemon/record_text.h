// SPDX-License-Identifier: Apache-2.0
// The line that tells of a use.
#pragma once

#include <string>

#include "appraise/appraiser.h"

namespace assayfs {

// Returns "denied /usr/bin/x for read by uid 0: unknown-content (DETAIL)", as
// one printable line without a newline. "would deny" stands for "denied" where
// the mode let the use go ahead, and "used" for a use that is audited.
// mount_point is put before the record's path. Threads: pure function.
std::string RecordText(const UseRecord& record, const std::string& mount_point);

}  // namespace assayfs
