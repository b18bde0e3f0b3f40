// SPDX-License-Identifier: Apache-2.0
// HandleTable: owns what is open, under numbers for the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"

namespace assayfs {

// Owns what is open, under the number that the kernel gives back to us. 0 is
// never given out: the kernel uses it for a file that it did not ask to open.
// Threads: safe; an object lives until it is taken.
template <typename T>
class HandleTable {
 public:
  std::uint64_t Add(std::unique_ptr<T> handle) {
    T* const key = handle.get();
    handles_.With([&](auto& all) { all[key] = std::move(handle); });
    return reinterpret_cast<std::uint64_t>(key);
  }
  // Returns null for 0; any other number must have come from Add.
  static T* At(std::uint64_t number) { return reinterpret_cast<T*>(number); }
  std::unique_ptr<T> Take(std::uint64_t number) {
    return handles_.With([&](auto& all) -> std::unique_ptr<T> {
      auto node = all.extract(At(number));
      return node.empty() ? nullptr : std::move(node.mapped());
    });
  }
  // look: called with the table locked.
  void ForEach(const std::function<void(const T&)>& look) const {
    handles_.With([&look](const auto& all) {
      for (const auto& entry : all) look(*entry.second);
    });
  }
  void Clear() {
    const auto gone =
        handles_.With([](auto& all) { return std::exchange(all, {}); });
  }

 private:
  Guarded<std::unordered_map<T*, std::unique_ptr<T>>> handles_;
};

}  // namespace assayfs
