// SPDX-License-Identifier: Apache-2.0
// Text of any bytes, as logs of uses hold it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assayfs {

// Returns text as UTF-8: "%", and each byte that is not part of a character,
// becomes "%XX". Threads: pure function.
std::string ToLoggedText(std::string_view text);

// The inverse. Nothing if "%" has no two hexadecimal digits behind it, or for a
// byte of zero, which no name holds. Threads: pure function.
std::optional<std::string> FromLoggedText(std::string_view text);

// The inverse of Printable. Nothing if "\" does not begin a "\xNN", or for a
// byte of zero. Threads: pure function.
std::optional<std::string> FromPrintable(std::string_view text);

}  // namespace assayfs
