// SPDX-License-Identifier: Apache-2.0
// ByteReader: bounds checks and byte order.
#include "base/byte_reader.h"

namespace assayfs {
namespace {

std::uint64_t BigEndian(Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) {
    value = (value << 8) | std::to_integer<std::uint64_t>(byte);
  }
  return value;
}

}  // namespace

std::optional<Bytes> ByteReader::Take(std::size_t count) {
  if (count > rest_.size()) return std::nullopt;
  const Bytes taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::optional<std::uint8_t> ByteReader::TakeU8() {
  const auto bytes = Take(1);
  if (!bytes) return std::nullopt;
  return std::to_integer<std::uint8_t>(bytes->front());
}

std::optional<std::uint16_t> ByteReader::TakeBe16() {
  const auto bytes = Take(2);
  if (!bytes) return std::nullopt;
  return static_cast<std::uint16_t>(BigEndian(*bytes));
}

std::optional<std::uint32_t> ByteReader::TakeBe32() {
  const auto bytes = Take(4);
  if (!bytes) return std::nullopt;
  return static_cast<std::uint32_t>(BigEndian(*bytes));
}

std::optional<std::uint64_t> ByteReader::TakeBe64() {
  const auto bytes = Take(8);
  if (!bytes) return std::nullopt;
  return BigEndian(*bytes);
}

std::optional<std::uint32_t> ByteReader::TakeLe32() {
  const auto value = TakeBe32();
  if (!value) return std::nullopt;
  return __builtin_bswap32(*value);
}

}  // namespace assayfs
