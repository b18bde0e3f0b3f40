// SPDX-License-Identifier: Apache-2.0
// Numbers out of text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace assayfs {

// Returns the number that the whole of text stands for, without a sign for
// unsigned types; nothing if it is none, or does not fit. base: 2 to 36; no
// prefix is taken. Threads: pure function.
template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, int base = 10) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace assayfs
