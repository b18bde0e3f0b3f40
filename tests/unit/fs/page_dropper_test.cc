// SPDX-License-Identifier: Apache-2.0
#include "fs/page_dropper.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace assayfs {
namespace {

constexpr FileId kA{1, 2}, kB{1, 3};

TEST(PageDropperTest, DropsOnAnotherThreadAndBlocksNobody) {
  std::promise<void> go, done;
  std::vector<FileId> dropped;
  std::thread::id thread;
  PageDropper dropper([&](FileId id) {
    go.get_future().wait();
    thread = std::this_thread::get_id();
    dropped.push_back(id);
    done.set_value();
  });
  dropper.Add(kA);  // returns, although nothing can be dropped yet
  go.set_value();
  done.get_future().wait();
  EXPECT_EQ(dropped, std::vector{kA});
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(PageDropperTest, DropsAFileOnceHoweverOftenItIsTold) {
  std::promise<void> entered, go, done;
  std::vector<FileId> dropped;
  PageDropper dropper([&](FileId id) {
    dropped.push_back(id);
    if (dropped.size() == 1) {
      entered.set_value();
      go.get_future().wait();
    } else {
      done.set_value();
    }
  });
  dropper.Add(kA);
  entered.get_future().wait();
  for (int i = 0; i < 5; ++i) dropper.Add(kB);
  go.set_value();
  done.get_future().wait();
  EXPECT_EQ(dropped, (std::vector{kA, kB}));
}

}  // namespace
}  // namespace assayfs
