// SPDX-License-Identifier: Apache-2.0
// Guarded<T>: a value that can be reached only with its lock held.
#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

namespace assayfs {

// Holds a T and the mutex that protects it.
//
// Threads: safe. Do not call With from inside With of the same object, and do
// no I/O, hashing or replying inside: the lock is held all the while.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs use(T&) with the lock held and returns what it returns. The result
  // must not be a reference into the value.
  template <typename Use>
  auto With(Use&& use) {
    static_assert(!std::is_reference_v<std::invoke_result_t<Use, T&>>);
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }
  template <typename Use>
  auto With(Use&& use) const {
    static_assert(!std::is_reference_v<std::invoke_result_t<Use, const T&>>);
    const std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace assayfs
