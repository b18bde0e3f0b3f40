// SPDX-License-Identifier: Apache-2.0
// Random: numbers that are the same again for the same seed, everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>

namespace assayfs::differential {

// Threads: one thread.
class Random {
 public:
  explicit Random(std::initializer_list<std::uint64_t> seed) : engine_(0) {
    std::uint64_t mixed = 0x9e3779b97f4a7c15U;
    for (const std::uint64_t part : seed) {
      engine_.seed(mixed ^ part);
      mixed = engine_();
    }
    engine_.seed(mixed);
  }

  // Returns a number below limit, which must not be 0. The distributions of
  // the standard library differ between libraries, so this is a remainder.
  std::uint64_t Below(std::uint64_t limit) { return engine_() % limit; }

  bool OneIn(std::uint64_t count) { return Below(count) == 0; }

  template <typename T>
  T From(std::span<const T> choices) {
    return choices[Below(choices.size())];
  }
  template <typename T>
  T From(std::initializer_list<T> choices) {
    return From(std::span<const T>(choices.begin(), choices.size()));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace assayfs::differential
