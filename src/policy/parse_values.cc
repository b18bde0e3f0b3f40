// SPDX-License-Identifier: Apache-2.0
// Values of conditions: numbers and patterns, and the sets that hold them.
#include "policy/parse_values.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/numbers.h"
#include "policy/glob.h"

namespace assayfs {
namespace {

std::optional<std::uint32_t> ParseOne(std::string_view text, int base) {
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) {
    text.remove_prefix(2);
  }
  return ParseNumber<std::uint32_t>(text, base);
}

// Finds the first "," that no "\\" is before.
std::size_t FindComma(std::string_view values) {
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (values[at] == ',') return at;
    if (values[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

tl::unexpected<Error> NoNumber(std::string_view text, int base) {
  return Fail(EINVAL, Quoted(text) + " is not a number" +
                          (base == 16 ? " in hexadecimal digits" : ""));
}

}  // namespace

Result<void> ForEachValue(
    std::string_view values, const NamedSets& sets,
    const std::function<Result<void>(std::string_view)>& visit) {
  std::size_t count = 0;  // checked here, where sets in sets grow
  const auto take = [&](std::string_view value) -> Result<void> {
    if (++count > kMaxPolicyValues) {
      return Fail(EFBIG,
                  "more than " + std::to_string(kMaxPolicyValues) + " values");
    }
    return visit(value);
  };
  for (bool more = true; more;) {
    const auto comma = FindComma(values);
    const auto value = values.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) values.remove_prefix(comma + 1);
    if (value.empty()) return Fail(EINVAL, "an empty value");
    if (!value.starts_with('@')) {
      if (auto visited = take(value); !visited) return visited;
      continue;
    }
    const auto set = sets.find(value.substr(1));
    if (set == sets.end()) {
      return Fail(EINVAL, "there is no set \"" + std::string(value.substr(1)) +
                              "\" above this line");
    }
    for (const std::string& member : set->second) {
      if (auto visited = take(member); !visited) return visited;
    }
  }
  return {};
}

Result<NumberSet> ParseNumbers(std::string_view values, const NamedSets& sets,
                               int base) {
  NumberSet numbers;
  auto read =
      ForEachValue(values, sets, [&](std::string_view value) -> Result<void> {
        const auto dash = value.find('-');
        const auto first = ParseOne(value.substr(0, dash), base);
        const auto last = dash == std::string_view::npos
                              ? first
                              : ParseOne(value.substr(dash + 1), base);
        if (!first || !last) return NoNumber(value, base);
        if (*last < *first) {
          return Fail(EINVAL, Quoted(value) +
                                  " goes from greater to less; write " +
                                  std::string(value.substr(dash + 1)) + "-" +
                                  std::string(value.substr(0, dash)));
        }
        numbers.Add({*first, *last});
        return {};
      });
  if (!read) return Fail(read.error());
  return numbers;
}

Result<NumberSet> ParseLimit(char relation, std::string_view value) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  const auto limit = ParseNumber<std::uint32_t>(value);
  if (!limit) return NoNumber(value, 10);
  NumberSet numbers;
  if (relation == '<') {
    if (*limit == 0) return Fail(EINVAL, "no number is less than 0");
    numbers.Add({0, *limit - 1});
  } else {
    if (*limit == kMax) {
      return Fail(EINVAL, "no number is greater than " + std::string(value));
    }
    numbers.Add({*limit + 1, kMax});
  }
  return numbers;
}

Result<std::vector<std::string>> ParseGlobs(std::string_view values,
                                            const NamedSets& sets) {
  std::vector<std::string> globs;
  auto read =
      ForEachValue(values, sets, [&](std::string_view value) -> Result<void> {
        // No name that is compared is longer.
        if (value.size() > kMaxGlobBytes) {
          return Fail(EINVAL, "a pattern of more than " +
                                  std::to_string(kMaxGlobBytes) + " bytes");
        }
        if (auto good = CheckGlob(value); !good) return good;
        globs.emplace_back(value);
        return {};
      });
  if (!read) return Fail(read.error());
  return globs;
}

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string LowerHex(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace assayfs
