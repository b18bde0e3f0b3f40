// SPDX-License-Identifier: Apache-2.0
// The file names of digest lists: reading and order.
#include "lists/list_name.h"

#include <charconv>
#include <tuple>

namespace assayfs {
namespace {

tl::unexpected<Error> Bad(std::string_view what) {
  return Fail(EINVAL, "list name: " + std::string(what));
}

bool StartsWithDigit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// Takes the text up to the next "-" off the front of rest, and the "-" too.
std::optional<std::string_view> TakePart(std::string_view& rest) {
  const auto dash = rest.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto part = rest.substr(0, dash);
  rest.remove_prefix(dash + 1);
  return part;
}

}  // namespace

Result<ListName> ParseListName(std::string_view file_name) {
  std::string_view rest = file_name;
  ListName result;
  if (StartsWithDigit(rest)) {
    const auto part = TakePart(rest);
    if (!part) return Bad("nothing follows the number");
    std::uint64_t number = 0;
    const char* const part_end = part->data() + part->size();
    const auto [end, error] = std::from_chars(part->data(), part_end, number);
    if (error == std::errc::result_out_of_range) {
      return Bad("the number is too large");
    }
    if (end != part_end) return Bad("the number is not a number");
    result.sequence = number;
  }
  const auto format = TakePart(rest);
  if (!format) return Bad("no format before a \"-\"");
  if (*format == "rpm") {
    result.format = ListFormat::kRpm;
  } else if (*format == "tlv") {
    result.format = ListFormat::kTlv;
  } else {
    return Bad("format \"" + std::string(*format) + "\" is not rpm or tlv");
  }
  if (rest.empty()) return Bad("nothing follows the format");
  result.name = rest;
  return result;
}

std::string WithoutNumber(std::string_view file_name) {
  std::string_view rest = file_name;
  const auto name = ParseListName(file_name);
  if (name && name->sequence) TakePart(rest);
  return std::string(rest);
}

bool LoadsBefore(std::string_view left, std::string_view right) {
  const auto key = [](std::string_view file_name) {
    const auto name = ParseListName(file_name);
    const bool numbered = name && name->sequence;
    return std::tuple(!numbered, numbered ? *name->sequence : 0, file_name);
  };
  return key(left) < key(right);
}

}  // namespace assayfs
