// SPDX-License-Identifier: Apache-2.0
#include "fs/open_state.h"

#include <gtest/gtest.h>

#include <thread>

namespace assayfs {
namespace {

using Clock = OpenState::Clock;
constexpr std::chrono::hours kLong{1};
constexpr std::chrono::milliseconds kNotAtAll{0};

TEST(OpenStateTest, KeepsPagesOfTheSameContent) {
  OpenState state;
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  EXPECT_TRUE(state.OpenJudged({7, nullptr, state.change()}));
}

TEST(OpenStateTest, DropsPagesOfOtherContent) {
  OpenState state;
  state.OpenJudged({7, nullptr, state.change()});
  EXPECT_FALSE(state.OpenJudged({8, nullptr, state.change()}));
  EXPECT_TRUE(state.OpenJudged({8, nullptr, state.change()}));
}

TEST(OpenStateTest, DropsPagesOfUnknownContent) {
  OpenState state;
  state.OpenJudged({0, nullptr, state.change()});
  EXPECT_FALSE(state.OpenJudged({0, nullptr, state.change()}));
}

TEST(OpenStateTest, DropsPagesThatAnUnjudgedHandleMayHaveBrought) {
  OpenState state;
  state.OpenJudged({7, nullptr, state.change()});
  state.OpenPlain();
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  // It is still there and may bring more.
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  state.ClosePlain();
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  EXPECT_TRUE(state.OpenJudged({7, nullptr, state.change()}));
}

TEST(OpenStateTest, DropsPagesThatAWriterChanged) {
  OpenState state;
  state.OpenJudged({7, nullptr, state.change()});
  WritingMark writer = state.BeginWriting(kNotAtAll);
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  writer.reset();
  EXPECT_FALSE(state.OpenJudged({7, nullptr, state.change()}));
  EXPECT_TRUE(state.OpenJudged({7, nullptr, state.change()}));
}

TEST(OpenStateTest, DropsPagesIfAWriterCameWhileContentWasJudged) {
  OpenState state;
  const std::uint64_t before = state.change();
  state.OpenJudged({7, nullptr, before});
  state.BeginWriting(kNotAtAll);
  EXPECT_FALSE(state.OpenJudged({7, nullptr, before}));
  EXPECT_FALSE(state.OpenJudged({7, nullptr, before}));
}

TEST(OpenStateTest, KnowsTheYoungestContentWhileJudgedHandlesAreOpen) {
  OpenState state;
  EXPECT_EQ(state.current().id, 0U);
  const auto tags = std::make_shared<const BlockTags>();
  state.OpenJudged({7, nullptr, state.change()});
  state.OpenJudged({8, tags, state.change()});
  state.OpenJudged({7, nullptr, state.change()});
  state.OpenPlain();
  state.CloseJudged();
  state.CloseJudged();
  EXPECT_EQ(state.current().id, 8U);
  EXPECT_EQ(state.current().tags, tags);
  state.CloseJudged();
  EXPECT_EQ(state.current().id, 0U);
  EXPECT_EQ(state.current().tags, nullptr);
}

TEST(OpenStateTest, SettlesTheSizeOnceForEachContent) {
  OpenState state;
  int settled = 0;
  const auto settle = [&] {
    state.SettleSize([&settled] { ++settled; });
    return settled;
  };
  state.OpenJudged({7, nullptr, state.change()});
  EXPECT_EQ(settle(), 1);
  state.OpenJudged({7, nullptr, state.change()});
  EXPECT_EQ(settle(), 1);
  state.OpenJudged({8, nullptr, state.change()});
  EXPECT_EQ(settle(), 2);
  state.OpenJudged({7, nullptr, state.change()});  // overtaken by 8
  EXPECT_EQ(settle(), 2);
  for (int i = 0; i < 4; ++i) state.CloseJudged();
  state.OpenJudged({8, nullptr, state.change()});
  EXPECT_EQ(settle(), 3);
  state.BeginWriting(kNotAtAll);
  EXPECT_EQ(settle(), 4);
  state.CloseJudged();
  EXPECT_EQ(settle(), 5);
  EXPECT_EQ(settle(), 6);
}

TEST(OpenStateTest, ForgetsJudgedContentWhenAWriterComes) {
  OpenState state;
  const std::uint64_t before = state.change();
  state.OpenJudged({7, nullptr, before});
  WritingMark writer = state.BeginWriting(kNotAtAll);
  EXPECT_EQ(state.current().id, 0U);
  state.OpenJudged({7, nullptr, state.change()});
  EXPECT_EQ(state.current().id, 0U);
  writer.reset();
  state.OpenJudged({7, nullptr, before});
  EXPECT_EQ(state.current().id, 0U);
  state.OpenJudged({8, nullptr, state.change()});
  EXPECT_EQ(state.current().id, 8U);
}

TEST(OpenStateTest, WhatIsWrittenIsNotExecuted) {
  OpenState state;
  WritingMark first = state.BeginWriting(kNotAtAll);
  WritingMark second = state.BeginWriting(kNotAtAll);
  EXPECT_FALSE(state.BeginExecution());
  first.reset();
  EXPECT_FALSE(state.BeginExecution());
  second.reset();
  EXPECT_TRUE(state.BeginExecution());
}

TEST(OpenStateTest, WhatIsExecutedIsNotWritten) {
  OpenState state;
  ExecutionMark first = state.BeginExecution();
  ExecutionMark second = state.BeginExecution();
  EXPECT_FALSE(state.BeginWriting(kNotAtAll));
  first.reset();
  EXPECT_FALSE(state.BeginWriting(kNotAtAll));
  second.reset();
  EXPECT_TRUE(state.BeginWriting(kNotAtAll));
}

TEST(OpenStateTest, AWriterWaitsForTheEndOfExecution) {
  OpenState state;
  ExecutionMark program = state.BeginExecution();
  std::thread ending([&] { program.reset(); });
  EXPECT_TRUE(state.BeginWriting(kLong));
  ending.join();
}

TEST(OpenStateTest, WhatRunsOnIsWaitedForOnce) {
  OpenState state;
  ExecutionMark program = state.BeginExecution();
  EXPECT_FALSE(state.BeginWriting(std::chrono::milliseconds(1)));
  EXPECT_FALSE(state.BeginWriting(kLong));
  program.reset();
  program = state.BeginExecution();
  std::thread ending([&] { program.reset(); });
  EXPECT_TRUE(state.BeginWriting(kLong));
  ending.join();
}

TEST(OpenStateTest, DoesNotWaitWithoutWriters) {
  OpenState state;
  state.OpenPlain();
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, DoesNotWaitForAWriterAtWork) {
  OpenState state;
  const WritingMark writer = state.BeginWriting(kNotAtAll);
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, WaitsForAFlushedWriterToGo) {
  OpenState state;
  WritingMark writer = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now());
  std::thread closer([&] {
    writer.reset();
    state.NotFlushed();
  });
  state.WaitForClosing(kLong);
  closer.join();
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, StopsWaitingForAWriterThatGoesOn) {
  OpenState state;
  const WritingMark mark = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now());
  std::thread writer([&] { state.NotFlushed(); });
  state.WaitForClosing(kLong);
  writer.join();
}

TEST(OpenStateTest, DoesNotWaitIfOneOfTwoWritersIsAtWork) {
  OpenState state;
  const WritingMark first = state.BeginWriting(kNotAtAll);
  const WritingMark second = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now());
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, GivesUpAFlushedWriterThatStays) {
  OpenState state;
  const WritingMark writer = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now());
  state.WaitForClosing(std::chrono::milliseconds(1));
}

TEST(OpenStateTest, DoesNotWaitForAWriterThatWasFlushedLongAgo) {
  OpenState state;
  const WritingMark writer = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now() - 2 * kLong);
  state.WaitForClosing(kLong);
}

TEST(OpenStateTest, WaitsForAWriterThatWasFlushedAgain) {
  OpenState state;
  WritingMark writer = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now() - 2 * kLong);
  state.FlushedAgain(Clock::now());
  std::thread closer([&] { writer.reset(); });
  state.WaitForClosing(kLong);
  EXPECT_TRUE(state.BeginExecution());
  closer.join();
}

TEST(OpenStateTest, WaitsInVainOnlyOnceForEachFlush) {
  OpenState state;
  const WritingMark writer = state.BeginWriting(kNotAtAll);
  state.Flushed(Clock::now() - kLong + std::chrono::milliseconds(1));
  state.WaitForClosing(kLong);
  state.WaitForClosing(2 * kLong);  // would not end if it waited again
}

}  // namespace
}  // namespace assayfs
