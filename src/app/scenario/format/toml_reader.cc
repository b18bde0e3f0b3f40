// SPDX-License-Identifier: Apache-2.0
// Typed reading of TOML: what does not fit is complained of, with its place.
#include "app/scenario/format/toml_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace assayfs {
namespace {

using Kind = TomlValue::Kind;

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string Called(const TomlValue& value) {
  return value.key.empty() ? "an item of an array" : Quoted(value.key);
}

bool Is(Kind kind, const TomlValue& value, TomlComplaint& complaint) {
  constexpr std::array<std::string_view, 6> kNames = {
      "true or false", "a whole number", "text",
      "an array",      "a table",        "something else"};
  if (value.kind == kind) return true;
  complaint.Add(value.place,
                Called(value) + " must be " +
                    std::string(kNames[static_cast<std::size_t>(kind)]) +
                    ", but is " +
                    std::string(kNames[static_cast<std::size_t>(value.kind)]));
  return false;
}

void CheckPath(std::string_view text, TomlPlace place, TomlComplaint& complaint,
               std::string& out) {
  if (IsTomlPath(text)) {
    out = text;
  } else {
    complaint.Add(place, Quoted(text) +
                             " is no path in the tree: \"/\" must be before "
                             "every name, and no name is \".\" or \"..\"");
  }
}

void CheckName(std::string_view text, TomlPlace place, TomlComplaint& complaint,
               std::string& out) {
  if (IsTomlName(text)) {
    out = text;
  } else {
    complaint.Add(place, Quoted(text) +
                             " is no name: only letters, digits and . _ + - "
                             "are allowed, and no dot at its beginning");
  }
}

}  // namespace

bool IsTomlName(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  return !text.empty() && text.front() != '.' &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsTomlPath(std::string_view text) {
  if (!text.starts_with('/') || text.find('\0') != text.npos) return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find('/'));
    if (name.empty() || name == "." || name == "..") return false;
    text.remove_prefix(name.size());
  }
  return true;
}

void TomlComplaint::Add(TomlPlace place, std::string_view text) {
  if (first_) return;
  first_ = std::to_string(place.line) + ":" + std::to_string(place.column) +
           ": " + std::string(text);
}

std::string JoinWords(TomlWords words) {
  std::string joined;
  for (const std::string_view word : words) {
    joined += (joined.empty() ? "" : ", ") + std::string(word);
  }
  return joined;
}

void TakeFlag(const TomlValue& value, TomlComplaint& complaint, bool& out) {
  if (Is(Kind::kFlag, value, complaint)) out = value.flag;
}

void TakeNumber(const TomlValue& value, std::uint32_t most,
                TomlComplaint& complaint, std::uint32_t& out) {
  if (!Is(Kind::kNumber, value, complaint)) return;
  if (!std::in_range<std::uint32_t>(value.number) || value.number > most) {
    return complaint.Add(value.place, Called(value) + " must be from 0 to " +
                                          std::to_string(most));
  }
  out = static_cast<std::uint32_t>(value.number);
}

void TakeText(const TomlValue& value, TomlComplaint& complaint,
              std::string& out) {
  if (Is(Kind::kText, value, complaint)) out = value.text;
}

void TakeTexts(const TomlValue& value, TomlComplaint& complaint,
               std::vector<std::string>& out) {
  if (!Is(Kind::kArray, value, complaint)) return;
  out.clear();
  for (const TomlValue& item : value.items) {
    TakeText(item, complaint, out.emplace_back());
  }
}

void TakeWord(const TomlValue& value, TomlWords words, TomlComplaint& complaint,
              std::string& out) {
  if (!Is(Kind::kText, value, complaint)) return;
  if (std::ranges::find(words, value.text) != words.end()) {
    out = value.text;
  } else {
    complaint.Add(value.place,
                  Quoted(value.text) + " is none of: " + JoinWords(words));
  }
}

void TakePath(const TomlValue& value, TomlComplaint& complaint,
              std::string& out) {
  if (!Is(Kind::kText, value, complaint)) return;
  CheckPath(value.text, value.place, complaint, out);
}

void TakeName(const TomlValue& value, TomlComplaint& complaint,
              std::string& out) {
  if (!Is(Kind::kText, value, complaint)) return;
  CheckName(value.text, value.place, complaint, out);
}

void TakePathKey(const TomlValue& item, TomlComplaint& complaint,
                 std::string& out) {
  CheckPath(item.key, item.key_place, complaint, out);
}

void TakeNameKey(const TomlValue& item, TomlComplaint& complaint,
                 std::string& out) {
  CheckName(item.key, item.key_place, complaint, out);
}

bool IsTable(const TomlValue& value, TomlComplaint& complaint) {
  return Is(Kind::kTable, value, complaint);
}

TomlReader::TomlReader(const TomlValue& value, TomlWords words,
                       TomlComplaint& complaint)
    : value_(value), complaint_(complaint) {
  if (!IsTable(value, complaint)) return;
  for (const TomlValue& item : value.items) {
    if (std::ranges::find(words, item.key) != words.end()) continue;
    complaint.Add(item.key_place, Quoted(item.key) + " is not known here (" +
                                      JoinWords(words) + ")");
  }
}

const TomlValue* TomlReader::Find(std::string_view key) const {
  if (value_.kind != Kind::kTable) return nullptr;
  const auto found = std::ranges::find(value_.items, key, &TomlValue::key);
  return found == value_.items.end() ? nullptr : &*found;
}

const TomlValue* TomlReader::Need(std::string_view key) const {
  const TomlValue* value = Find(key);
  if (value == nullptr) {
    complaint_.Add(value_.place, Quoted(key) + " is missing here");
  }
  return value;
}

void TomlReader::Read(std::string_view key, bool& out) const {
  if (const auto* value = Find(key)) TakeFlag(*value, complaint_, out);
}

void TomlReader::Read(std::string_view key, std::uint32_t most,
                      std::uint32_t& out) const {
  if (const auto* value = Find(key)) TakeNumber(*value, most, complaint_, out);
}

void TomlReader::Read(std::string_view key, std::string& out) const {
  if (const auto* value = Find(key)) TakeText(*value, complaint_, out);
}

void TomlReader::ReadFilled(std::string_view key, std::string& out) const {
  Read(key, out);
  if (const auto* value = Find(key); value != nullptr && out.empty()) {
    complaint_.Add(value->place, Quoted(key) + " must not be empty");
  }
}

void TomlReader::ReadWord(std::string_view key, TomlWords words,
                          std::string& out) const {
  if (const auto* value = Find(key)) TakeWord(*value, words, complaint_, out);
}

void TomlReader::ReadPath(std::string_view key, std::string& out) const {
  if (const auto* value = Find(key)) TakePath(*value, complaint_, out);
}

void TomlReader::ReadName(std::string_view key, std::string& out) const {
  if (const auto* value = Find(key)) TakeName(*value, complaint_, out);
}

}  // namespace assayfs
