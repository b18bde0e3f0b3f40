// SPDX-License-Identifier: Apache-2.0
// Instructions: fuzz bytes as choices, for targets that build inputs which are
// nearly right.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace assayfs::fuzz {

// Every choice is 0 when the bytes have run out.
class Instructions {
 public:
  explicit Instructions(Bytes bytes) : in_(bytes) {}

  bool empty() const { return in_.empty(); }
  std::uint8_t Byte() { return in_.TakeU8().value_or(0); }
  std::uint32_t Word() { return in_.TakeBe32().value_or(0); }
  // A number below limit, which is at most 65,536 and not 0.
  std::uint32_t Below(std::uint32_t limit) {
    return limit <= 256 ? Byte() % limit : in_.TakeBe16().value_or(0) % limit;
  }
  // True in one of 2^bits cases, and when the bytes have run out.
  bool Rarely(unsigned bits) { return Byte() % (1u << bits) == 0; }

  // A number that is easily got wrong: near `near`, or near a limit.
  std::uint32_t Tricky(std::uint32_t near) {
    constexpr std::array<std::uint32_t, 9> kLimits = {
        0, 1, 16, 0x7f, 0xffff, 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff};
    const std::uint32_t choice = Below(4);
    if (choice == 3) return Word();
    const std::uint32_t base =
        choice == 0 ? near : kLimits[Below(kLimits.size())];
    return base + Below(9) - 4;
  }

  // Up to `most` bytes, fewer when they run out.
  std::string Text(std::uint32_t most) {
    const std::uint32_t wanted = Below(most + 1);
    const std::size_t size = std::min<std::size_t>(wanted, in_.left());
    return std::string(AsText(*in_.Take(size)));
  }

 private:
  ByteReader in_;
};

// Damages a few bytes, cuts the end off, or adds to it.
inline void Damage(Instructions& instructions, ByteVector& bytes) {
  const std::uint32_t times = instructions.Below(4);
  for (std::uint32_t i = 0; i < times && !bytes.empty(); ++i) {
    const std::size_t at = instructions.Below(65536) % bytes.size();
    switch (instructions.Below(4)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.push_back(std::byte{instructions.Byte()});
        break;
      default:
        bytes[at] = std::byte{instructions.Byte()};
    }
  }
}

}  // namespace assayfs::fuzz
