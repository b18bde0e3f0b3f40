// SPDX-License-Identifier: Apache-2.0
// TOML as plain values that know where they stand.
#include "app/scenario/format/toml_values.h"

#include <algorithm>
#include <optional>
#include <utility>

// All of the library is in this file, so that it is built as is said here; the
// one that distributions link is built to throw. Its assertions, which without
// NDEBUG are no promises to the compiler, do not hold for text like "[/": it
// refuses that a moment later. Source: marzer/tomlplusplus, issue 294.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace assayfs {
namespace {

// Every dot in a key is one more table in a table, and the library, which
// limits the depth of values, does not limit that: it calls itself for each.
constexpr unsigned kMaxDots = 200;

std::string PlaceText(TomlPlace place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

TomlPlace PlaceOf(const toml::source_region& region) {
  return {.line = std::max(region.begin.line, 1u),
          .column = std::max(region.begin.column, 1u)};
}

// Says, with its place, what of text the library cannot be given; nothing if it
// can have all.
//
// Text between quotation marks is not told from keys, so it may not have too
// many dots either. Beyond ASCII, whether a character is a blank is undefined.
// Source: marzer/tomlplusplus, issue 295.
std::optional<std::string> FindFault(std::string_view text) {
  constexpr std::string_view kEndsKey = "=,[{\n";
  TomlPlace place;
  unsigned dots = 0;
  for (const char character : text) {
    if (static_cast<unsigned char>(character) >= 0x80) {
      return PlaceText(place) +
             "not ASCII; in text, \"\\u00e9\" stands for one such character";
    }
    if (character == '.') ++dots;
    if (kEndsKey.find(character) != std::string_view::npos) dots = 0;
    if (dots > kMaxDots) {
      return PlaceText(place) + "more than " + std::to_string(kMaxDots) +
             " dots";
    }
    ++place.column;
    if (character == '\n') place = {place.line + 1, 1};
  }
  return std::nullopt;
}

TomlValue Convert(const toml::node& node);

void ConvertTable(const toml::table& table, TomlValue& value) {
  value.kind = TomlValue::Kind::kTable;
  for (const auto& [key, node] : table) {
    TomlValue& item = value.items.emplace_back(Convert(node));
    item.key = key.str();
    item.key_place = PlaceOf(key.source());
  }
  std::ranges::sort(value.items, {}, [](const TomlValue& item) {
    return std::pair(item.key_place.line, item.key_place.column);
  });
}

TomlValue Convert(const toml::node& node) {
  TomlValue value;
  value.place = PlaceOf(node.source());
  if (const toml::table* table = node.as_table()) {
    ConvertTable(*table, value);
  } else if (const toml::array* array = node.as_array()) {
    value.kind = TomlValue::Kind::kArray;
    for (const toml::node& item : *array) value.items.push_back(Convert(item));
  } else if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::kText;
    value.text = text->get();
  } else if (const auto* number = node.as_integer()) {
    value.kind = TomlValue::Kind::kNumber;
    value.number = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    value.kind = TomlValue::Kind::kFlag;
    value.flag = flag->get();
  }
  return value;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
  }
  return lines;
}

void SetFirstLines(const std::vector<std::string_view>& lines,
                   TomlValue& value) {
  for (TomlValue& item : value.items) SetFirstLines(lines, item);
  const TomlPlace place = value.place;
  if (value.kind != TomlValue::Kind::kText || place.line > lines.size() ||
      place.column > lines[place.line - 1].size()) {
    return;
  }
  std::string_view rest = lines[place.line - 1].substr(place.column - 1);
  if (!rest.starts_with("\"\"\"") && !rest.starts_with("'''")) return;
  rest.remove_prefix(3);
  // A new line at once is no part of the text.
  value.first_line = place.line + (rest.empty() || rest == "\r" ? 1 : 0);
}

}  // namespace

Result<TomlValue> ParseToml(std::string_view text) {
  if (text.size() > kMaxTomlBytes) {
    return Fail(EFBIG, "1:1: more than 1 MiB of text");
  }
  if (auto fault = FindFault(text)) return Fail(EINVAL, std::move(*fault));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(EINVAL, PlaceText(PlaceOf(parsed.error().source())) +
                            std::string(parsed.error().description()));
  }
  TomlValue value = Convert(parsed.table());
  SetFirstLines(LinesOf(text), value);
  return value;
}

}  // namespace assayfs
