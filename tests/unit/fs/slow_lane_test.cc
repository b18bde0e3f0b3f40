// SPDX-License-Identifier: Apache-2.0
#include "fs/slow_lane.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace assayfs {
namespace {

bool Never() { return false; }

TEST(SlowLaneTest, RunsTasksOnOtherThreads) {
  SlowLane lane(2);
  std::promise<std::thread::id> ran;
  lane.Add([&] { ran.set_value(std::this_thread::get_id()); }, Never);
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(SlowLaneTest, RunsAsManyTasksAtOnceAsItHasThreads) {
  SlowLane lane(2);
  std::promise<void> first_runs;
  std::promise<void> go_on;
  lane.Add(
      [&] {
        first_runs.set_value();
        go_on.get_future().wait();
      },
      Never);
  first_runs.get_future().wait();
  // Ends only if it runs beside the first.
  lane.Add([&] { go_on.set_value(); }, Never);
  lane.Stop();
}

TEST(SlowLaneTest, TasksBeyondTheThreadsWaitTheirTurn) {
  SlowLane lane(1);
  std::promise<void> go_on;
  int done = 0;
  lane.Add(
      [&] {
        go_on.get_future().wait();
        ++done;
      },
      Never);
  for (int i = 0; i < 5; ++i) lane.Add([&] { ++done; }, Never);
  go_on.set_value();
  lane.Stop();
  EXPECT_EQ(done, 6);
}

TEST(SlowLaneTest, StopTellsTasksToEndAndRunsThoseThatWait) {
  SlowLane lane(1);
  int done = 0;
  std::promise<void> runs;
  lane.Add(
      [&] {
        runs.set_value();
        while (!lane.stopping()) std::this_thread::yield();
        ++done;
      },
      Never);
  lane.Add([&] { ++done; }, Never);
  runs.get_future().wait();
  lane.Stop();
  EXPECT_EQ(done, 2);
  lane.Add([&] { ++done; }, Never);
  EXPECT_EQ(done, 3);
}

TEST(SlowLaneTest, AHopelessTaskDoesNotWaitForItsTurn) {
  SlowLane lane(1);
  std::promise<void> go_on;
  lane.Add([&] { go_on.get_future().wait(); }, Never);
  std::atomic<bool> hopeless = false;
  bool done = false;
  lane.Add([&] { done = true; }, Never);
  std::promise<bool> ran;
  lane.Add([&] { ran.set_value(done); }, [&] { return hopeless.load(); });
  hopeless = true;
  EXPECT_FALSE(ran.get_future().get());  // before the one in front of it
  go_on.set_value();
  lane.Stop();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace assayfs
