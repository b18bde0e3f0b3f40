// SPDX-License-Identifier: Apache-2.0
// Capabilities of files, in a form that can be compared.
#pragma once

#include <string>

#include "base/byte_reader.h"
#include "base/result.h"

namespace assayfs {

// All return the text that cap_to_text(3) makes, so that equal sets are equal
// texts; empty for no capabilities. Threads: safe.

// text: as cap_from_text(3) takes it. Errors: EINVAL if libcap does not know
// what it says.
Result<std::string> ParseCapabilities(const std::string& text);

// value: of the extended attribute security.capability. Capabilities that count
// for the root of another user namespace only have "[rootid=N]" behind them,
// and equal no others. Errors: EINVAL for what the kernel would not take.
// Source: linux/capability.h.
Result<std::string> DecodeCapabilities(Bytes value);

// Of the regular file behind fd, which must not be O_PATH.
// Errors: those of fgetxattr(2) and DecodeCapabilities.
Result<std::string> CapabilitiesOf(int fd);

}  // namespace assayfs
