// SPDX-License-Identifier: Apache-2.0
// Small conversions between bytes, text and big-endian integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"

namespace assayfs {

using ByteVector = std::vector<std::byte>;

// Views text as bytes, and bytes as text. The result borrows its argument.
Bytes AsBytes(std::string_view text);
std::string_view AsText(Bytes bytes);

// Copies bytes into a vector of its own.
ByteVector ToVector(Bytes bytes);

// Returns two lower-case hexadecimal digits for each byte.
std::string ToHex(Bytes bytes);

// Reads hexadecimal digits of either case. Returns nothing if the length is
// odd or any character is not a digit.
std::optional<ByteVector> FromHex(std::string_view text);

// Append to out; integers in the byte order that the name says.
void AppendBe16(ByteVector& out, std::uint16_t value);
void AppendBe32(ByteVector& out, std::uint32_t value);
void AppendLe32(ByteVector& out, std::uint32_t value);
void AppendLe64(ByteVector& out, std::uint64_t value);
void AppendBytes(ByteVector& out, Bytes bytes);

// Returns text fit for one line of a terminal or log: every byte below 0x21 or
// above 0x7e, and the backslash, becomes \xNN. Spaces are kept if spaces is
// kKeep.
enum class Spaces { kKeep, kEscape };
std::string Printable(std::string_view text, Spaces spaces = Spaces::kKeep);

}  // namespace assayfs
