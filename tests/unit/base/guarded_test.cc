// SPDX-License-Identifier: Apache-2.0
// Guarded: access to a shared value.
#include "base/guarded.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace assayfs {
namespace {

TEST(GuardedTest, BuildsItsValueFromTheArguments) {
  const Guarded<std::string> text(std::string::size_type{3}, 'x');
  EXPECT_EQ(text.With([](const std::string& value) { return value; }), "xxx");
}

TEST(GuardedTest, ChangesStay) {
  Guarded<int> number(1);
  number.With([](int& value) { value = 5; });
  EXPECT_EQ(number.With([](const int& value) { return value; }), 5);
}

TEST(GuardedTest, HoldsAndHandsOutWhatCanOnlyBeMoved) {
  Guarded<std::unique_ptr<int>> pointer(std::make_unique<int>(7));
  const auto taken = pointer.With(
      [](std::unique_ptr<int>& value) { return std::move(value); });
  EXPECT_EQ(*taken, 7);
}

// Without the lock, updates get lost; ThreadSanitizer says so as well.
TEST(GuardedTest, ThreadsTakeTurns) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 10000;
  Guarded<int> count(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&count] {
      for (int round = 0; round < kRounds; ++round) {
        count.With([](int& value) { ++value; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count.With([](const int& value) { return value; }),
            kThreads * kRounds);
}

}  // namespace
}  // namespace assayfs
