// SPDX-License-Identifier: Apache-2.0
// TOML as plain values that know where they stand. The library is behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assayfs {

// Line and column, from 1; columns count characters.
struct TomlPlace {
  unsigned line = 1;
  unsigned column = 1;
};

struct TomlValue {
  enum class Kind { kFlag, kNumber, kText, kArray, kTable, kOther };
  Kind kind = Kind::kOther;  // kOther: a fraction, a date, a time
  TomlPlace place;
  bool flag = false;
  std::int64_t number = 0;
  std::string text;  // valid UTF-8
  // The line of the first one of text between three quotation marks; 0 for text
  // between one.
  unsigned first_line = 0;
  std::vector<TomlValue> items;  // of an array or a table, as they stand there
  std::string key;               // of an item of a table; no two have one
  TomlPlace key_place;
};

// Reads TOML 1.0, as far as it is ASCII. Returns the table that is the whole
// text.
// Errors: EFBIG over kMaxTomlBytes; EINVAL "LINE:COLUMN: ..." for text that is
// not TOML, not ASCII, or has values in each other deeper than any of our files
// has them.
// Threads: pure function.
Result<TomlValue> ParseToml(std::string_view text);
inline constexpr std::size_t kMaxTomlBytes = 1 << 20;

}  // namespace assayfs
