// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace assayfs {
namespace {

TEST(ForAllInParallelTest, CallsEachNumberOnce) {
  std::vector<std::atomic<int>> calls(1000);
  ForAllInParallel(calls.size(), [&](std::size_t number) { ++calls[number]; });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST(ForAllInParallelTest, DoesNothingForNone) {
  ForAllInParallel(0, [](std::size_t) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace assayfs
