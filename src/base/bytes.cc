// SPDX-License-Identifier: Apache-2.0
// Conversions between bytes, text and integers.
#include "base/bytes.h"

namespace assayfs {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

Bytes AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string_view AsText(Bytes bytes) {
  // char may alias anything, so this view is well defined.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ByteVector ToVector(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::string ToHex(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += kHexDigits[value >> 4];
    text += kHexDigits[value & 15];
  }
  return text;
}

std::optional<ByteVector> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  ByteVector bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

void AppendBe16(ByteVector& out, std::uint16_t value) {
  for (int shift = 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(value >> shift));
  }
}

void AppendBe32(ByteVector& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(value >> shift));
  }
}

void AppendLe32(ByteVector& out, std::uint32_t value) {
  AppendBe32(out, __builtin_bswap32(value));
}

void AppendLe64(ByteVector& out, std::uint64_t value) {
  AppendLe32(out, static_cast<std::uint32_t>(value));
  AppendLe32(out, static_cast<std::uint32_t>(value >> 32));
}

void AppendBytes(ByteVector& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::string Printable(std::string_view text, Spaces spaces) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f && c != '\\';
    if (plain || (c == ' ' && spaces == Spaces::kKeep)) {
      out += c;
      continue;
    }
    out += "\\x";
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
  return out;
}

}  // namespace assayfs
