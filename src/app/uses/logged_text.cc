// SPDX-License-Identifier: Apache-2.0
// Text of any bytes, as logs of uses hold it.
#include "app/uses/logged_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace assayfs {
namespace {

// Returns how many bytes the character takes that text begins with; 0 if it
// begins with none. Source: RFC 3629, section 4: with these first bytes, the
// second is in this range, and all behind it are 80 to BF.
std::size_t CharacterBytes(std::string_view text) {
  struct Form {
    std::uint8_t first, last;  // of the first byte
    std::uint8_t least, most;  // of the second
    std::uint8_t bytes;
  };
  constexpr std::array<Form, 9> kForms = {{{0x00, 0x7f, 0x00, 0x00, 1},
                                           {0xc2, 0xdf, 0x80, 0xbf, 2},
                                           {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                           {0xe1, 0xec, 0x80, 0xbf, 3},
                                           {0xed, 0xed, 0x80, 0x9f, 3},
                                           {0xee, 0xef, 0x80, 0xbf, 3},
                                           {0xf0, 0xf0, 0x90, 0xbf, 4},
                                           {0xf1, 0xf3, 0x80, 0xbf, 4},
                                           {0xf4, 0xf4, 0x80, 0x8f, 4}}};
  const auto is_within = [&](std::size_t at, unsigned least, unsigned most) {
    const auto byte = static_cast<std::uint8_t>(text[at]);
    return byte >= least && byte <= most;
  };
  const auto form = std::ranges::find_if(kForms, [&](const Form& one) {
    return is_within(0, one.first, one.last);
  });
  if (form == kForms.end() || form->bytes > text.size()) return 0;
  if (form->bytes > 1 && !is_within(1, form->least, form->most)) return 0;
  for (std::size_t at = 2; at < form->bytes; ++at) {
    if (!is_within(at, 0x80, 0xbf)) return 0;
  }
  return form->bytes;
}

// Replaces each mark with the two hexadecimal digits behind it by their byte.
std::optional<std::string> Decode(std::string_view text,
                                  std::string_view mark) {
  std::string out;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find(mark.front()), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (!text.starts_with(mark)) return std::nullopt;
    text.remove_prefix(mark.size());
    const auto byte = FromHex(text.substr(0, 2));
    if (!byte || byte->empty()) return std::nullopt;
    out += AsText(*byte);
    text.remove_prefix(2);
  }
  if (out.find('\0') != std::string::npos) return std::nullopt;
  return out;
}

}  // namespace

std::string ToLoggedText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t whole = text.front() == '%' ? 0 : CharacterBytes(text);
    if (whole == 0) out += "%" + ToHex(AsBytes(text.substr(0, 1)));
    out += text.substr(0, whole);
    text.remove_prefix(whole == 0 ? 1 : whole);
  }
  return out;
}

std::optional<std::string> FromLoggedText(std::string_view text) {
  return Decode(text, "%");
}

std::optional<std::string> FromPrintable(std::string_view text) {
  return Decode(text, "\\x");
}

}  // namespace assayfs
