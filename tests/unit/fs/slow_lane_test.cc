// SPDX-License-Identifier: Apache-2.0
#include "fs/slow_lane.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace assayfs {
namespace {

TEST(SlowLaneTest, RunsTasksOnOtherThreads) {
  SlowLane lane(2);
  std::promise<std::thread::id> ran;
  lane.Add([&] { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(SlowLaneTest, RunsAsManyTasksAtOnceAsItHasThreads) {
  SlowLane lane(2);
  std::promise<void> first_runs;
  std::promise<void> go_on;
  lane.Add([&] {
    first_runs.set_value();
    go_on.get_future().wait();
  });
  first_runs.get_future().wait();
  // Ends only if it runs beside the first.
  lane.Add([&] { go_on.set_value(); });
  lane.Stop();
}

TEST(SlowLaneTest, TasksBeyondTheThreadsWaitTheirTurn) {
  SlowLane lane(1);
  std::promise<void> go_on;
  int done = 0;
  lane.Add([&] {
    go_on.get_future().wait();
    ++done;
  });
  for (int i = 0; i < 5; ++i) lane.Add([&] { ++done; });
  go_on.set_value();
  lane.Stop();
  EXPECT_EQ(done, 6);
}

TEST(SlowLaneTest, StopTellsTasksToEndAndRunsThoseThatWait) {
  SlowLane lane(1);
  int done = 0;
  std::promise<void> runs;
  lane.Add([&] {
    runs.set_value();
    while (!lane.stopping()) std::this_thread::yield();
    ++done;
  });
  lane.Add([&] { ++done; });
  runs.get_future().wait();
  lane.Stop();
  EXPECT_EQ(done, 2);
  lane.Add([&] { ++done; });
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace assayfs
