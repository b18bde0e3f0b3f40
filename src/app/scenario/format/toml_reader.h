// SPDX-License-Identifier: Apache-2.0
// Typed reading of TOML: what does not fit is complained of, with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/format/toml_values.h"

namespace assayfs {

// The first thing that is wrong. Threads: one at a time.
class TomlComplaint {
 public:
  // Takes it down, with its place, unless something was wrong before.
  void Add(TomlPlace place, std::string_view text);
  // Returns "LINE:COLUMN: ..."; nothing if all is well.
  const std::optional<std::string>& first() const { return first_; }

 private:
  std::optional<std::string> first_;
};

using TomlWords = std::span<const std::string_view>;
// Returns the words with commas between them.
std::string JoinWords(TomlWords words);

// Says whether text is a name like "vendor" or "nginx-1.2": letters, digits and
// "._+-", no dot first, so that it can be the name of a file.
bool IsTomlName(std::string_view text);

// Says whether text is a place in a tree: "/" and names with "/" between them,
// none "." or "..".
bool IsTomlPath(std::string_view text);

// Each takes the value into out, or complains and leaves out as it is.
// Threads: pure functions.
void TakeFlag(const TomlValue& value, TomlComplaint& complaint, bool& out);
void TakeNumber(const TomlValue& value, std::uint32_t most,
                TomlComplaint& complaint, std::uint32_t& out);
void TakeText(const TomlValue& value, TomlComplaint& complaint,
              std::string& out);
void TakeTexts(const TomlValue& value, TomlComplaint& complaint,
               std::vector<std::string>& out);
// One of words.
void TakeWord(const TomlValue& value, TomlWords words, TomlComplaint& complaint,
              std::string& out);
// See IsTomlPath.
void TakePath(const TomlValue& value, TomlComplaint& complaint,
              std::string& out);
// See IsTomlName.
void TakeName(const TomlValue& value, TomlComplaint& complaint,
              std::string& out);
// As the two above, for the key of an item.
void TakePathKey(const TomlValue& item, TomlComplaint& complaint,
                 std::string& out);
void TakeNameKey(const TomlValue& item, TomlComplaint& complaint,
                 std::string& out);

// Says whether it is one, and complains if it is not.
bool IsTable(const TomlValue& value, TomlComplaint& complaint);

// The items of one table by their keys. Borrows what it is given.
// Threads: one at a time.
class TomlReader {
 public:
  // Complains if value is no table, and of each key that is none of words.
  TomlReader(const TomlValue& value, TomlWords words, TomlComplaint& complaint);

  // Returns null if the table has no such key.
  const TomlValue* Find(std::string_view key) const;
  // As Find, and complains.
  const TomlValue* Need(std::string_view key) const;

  // Each leaves out as it is if the table has no such key.
  void Read(std::string_view key, bool& out) const;
  void Read(std::string_view key, std::uint32_t most, std::uint32_t& out) const;
  void Read(std::string_view key, std::string& out) const;
  // Complains also of text that is empty.
  void ReadFilled(std::string_view key, std::string& out) const;
  void ReadWord(std::string_view key, TomlWords words, std::string& out) const;
  void ReadPath(std::string_view key, std::string& out) const;
  void ReadName(std::string_view key, std::string& out) const;

 private:
  const TomlValue& value_;
  TomlComplaint& complaint_;
};

}  // namespace assayfs
