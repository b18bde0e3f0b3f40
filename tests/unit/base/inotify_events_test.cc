// SPDX-License-Identifier: Apache-2.0
#include "base/inotify_events.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>

#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

TEST(InotifyEventsTest, AreReadInOrderUntilThereAreNone) {
  const testing::TempDir dir;
  const std::string file = dir.Write("a", "x");
  const UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const int folder =
      ::inotify_add_watch(inotify.get(), dir.path().c_str(), IN_CREATE);
  const int own = ::inotify_add_watch(inotify.get(), file.c_str(), IN_MODIFY);
  std::vector<std::pair<int, std::string>> expected;
  // More than are read at once.
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "new-" + std::to_string(i);
    dir.Write(name, "");
    expected.emplace_back(folder, name);
  }
  dir.Write("a", "y");
  expected.emplace_back(own, "");
  std::vector<std::pair<int, std::string>> read;
  const auto visit = [&](int watch, std::uint32_t mask, const char* name) {
    EXPECT_EQ(mask, watch == folder ? IN_CREATE : IN_MODIFY);
    if (read.empty() || read.back() != std::pair(watch, std::string(name))) {
      read.emplace_back(watch, name);
    }
  };
  ReadInotifyEvents(inotify.get(), visit);
  EXPECT_EQ(read, expected);
  read.clear();
  ReadInotifyEvents(inotify.get(), visit);
  EXPECT_TRUE(read.empty());
}

}  // namespace
}  // namespace assayfs
