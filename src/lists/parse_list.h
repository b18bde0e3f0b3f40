// SPDX-License-Identifier: Apache-2.0
// One entry point for the payload of a list of either format.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

// Parses the payload (no appended signature) in the given format.
// Errors: as ParseRpmHeader and ParseTlv. Threads: pure function.
Result<DigestList> ParseList(ListFormat format, Bytes payload);

}  // namespace assayfs
