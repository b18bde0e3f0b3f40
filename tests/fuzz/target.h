// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

// The entry point that libFuzzer and replay.cc call, once for each input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace assayfs::fuzz {

// Larger inputs are skipped: they cost time and find nothing more.
inline constexpr std::size_t kMaxInputBytes = std::size_t{1} << 20;

inline Bytes AsInput(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

// Ends the program, which the fuzzer takes as a crash, unless holds.
inline void Require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace assayfs::fuzz
