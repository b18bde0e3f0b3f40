// SPDX-License-Identifier: Apache-2.0
// Random: numbers that a seed makes repeatable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace adversary {

// Threads: one for each.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Returns a number from 0 to limit - 1. REQUIRES: limit > 0.
  std::size_t Below(std::size_t limit) { return engine_() % limit; }
  bool OneIn(std::size_t count) { return Below(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace adversary
