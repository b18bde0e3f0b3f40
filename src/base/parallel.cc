// SPDX-License-Identifier: Apache-2.0
// Doing independent work on all processors.
#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace assayfs {
namespace {

constexpr std::size_t kMostThreads = 16;

}  // namespace

void ForAllInParallel(std::size_t count,
                      const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto run = [&] {
    while (true) {
      const std::size_t number = next.fetch_add(1);
      if (number >= count) return;
      work(number);
    }
  };
  const std::size_t processors = std::clamp<std::size_t>(
      std::thread::hardware_concurrency(), 1, kMostThreads);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(processors, count); ++i) {
    try {
      others.emplace_back(run);
    } catch (const std::system_error&) {
      break;
    }
  }
  run();
  for (std::thread& other : others) other.join();
}

}  // namespace assayfs
