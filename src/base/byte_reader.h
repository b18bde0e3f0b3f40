// SPDX-License-Identifier: Apache-2.0
// ByteReader: the one place that does offset arithmetic on untrusted bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace assayfs {

using Bytes = std::span<const std::byte>;

// Reads integers and runs of bytes from the front of a buffer.
//
// Every Take returns nothing, and leaves the position alone, when fewer bytes
// are left than it needs. The buffer is borrowed and must outlive the reader
// and every span taken from it. Threads: one reader, one thread.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  std::optional<std::uint8_t> TakeU8();
  std::optional<std::uint16_t> TakeBe16();
  std::optional<std::uint32_t> TakeBe32();
  std::optional<std::uint64_t> TakeBe64();
  std::optional<std::uint32_t> TakeLe32();
  std::optional<Bytes> Take(std::size_t count);

  std::size_t left() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }

 private:
  Bytes rest_;
};

}  // namespace assayfs
