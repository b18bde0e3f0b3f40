// SPDX-License-Identifier: Apache-2.0
#include "fs/open_state.h"

#include <gtest/gtest.h>

#include <thread>

namespace assayfs {
namespace {

using Access = OpenState::Access;
constexpr std::chrono::hours kLong{1};

TEST(OpenStateTest, KeepsPagesOfTheSameContent) {
  OpenState state;
  EXPECT_FALSE(state.OpenJudged(7));
  EXPECT_TRUE(state.OpenJudged(7));
}

TEST(OpenStateTest, DropsPagesOfOtherContent) {
  OpenState state;
  state.OpenJudged(7);
  EXPECT_FALSE(state.OpenJudged(8));
  EXPECT_TRUE(state.OpenJudged(8));
}

TEST(OpenStateTest, DropsPagesOfUnknownContent) {
  OpenState state;
  state.OpenJudged(0);
  EXPECT_FALSE(state.OpenJudged(0));
}

TEST(OpenStateTest, DropsPagesThatAnUnjudgedHandleMayHaveBrought) {
  OpenState state;
  state.OpenJudged(7);
  state.OpenPlain(Access::kRead);
  EXPECT_FALSE(state.OpenJudged(7));
  // It is still there and may bring more.
  EXPECT_FALSE(state.OpenJudged(7));
  state.ClosePlain(Access::kRead, false);
  EXPECT_FALSE(state.OpenJudged(7));
  EXPECT_TRUE(state.OpenJudged(7));
}

TEST(OpenStateTest, DoesNotWaitWithoutWriters) {
  OpenState state;
  state.OpenPlain(Access::kRead);
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, DoesNotWaitForAWriterAtWork) {
  OpenState state;
  state.OpenPlain(Access::kWrite);
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, WaitsForAFlushedWriterToGo) {
  OpenState state;
  state.OpenPlain(Access::kWrite);
  state.Flushed();
  std::thread closer([&] { state.ClosePlain(Access::kWrite, true); });
  state.WaitForClosing(kLong);
  closer.join();
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, StopsWaitingForAWriterThatGoesOn) {
  OpenState state;
  state.OpenPlain(Access::kWrite);
  state.Flushed();
  std::thread writer([&] { state.NotFlushed(); });
  state.WaitForClosing(kLong);
  writer.join();
}

TEST(OpenStateTest, DoesNotWaitIfOneOfTwoWritersIsAtWork) {
  OpenState state;
  state.OpenPlain(Access::kWrite);
  state.OpenPlain(Access::kWrite);
  state.Flushed();
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, GivesUpAFlushedWriterThatStays) {
  OpenState state;
  state.OpenPlain(Access::kWrite);
  state.Flushed();
  state.WaitForClosing(std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace assayfs
