// SPDX-License-Identifier: Apache-2.0
#include "app/daemon/record_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace assayfs {
namespace {

using ::testing::ElementsAre;

TEST(RecordWriterTest, WritesEveryLineInOrderBeforeItEnds) {
  std::vector<std::string> written;
  {
    RecordWriter writer(
        [&](const std::string& line) { written.push_back(line); });
    writer.Add("a");
    writer.Add("b");
    EXPECT_EQ(writer.lost(), 0U);
  }
  EXPECT_THAT(written, ElementsAre("a", "b"));
}

TEST(RecordWriterTest, ABlockedSinkLosesLinesButBlocksNobody) {
  std::promise<void> taken;
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future();
  std::vector<std::string> written;
  {
    RecordWriter writer(
        [&](const std::string& line) {
          written.push_back(line);
          if (line == "first") {
            taken.set_value();
            may_go_on.wait();
          }
        },
        2);
    writer.Add("first");
    taken.get_future().wait();
    for (const char* line : {"a", "b", "c", "d"}) writer.Add(line);
    EXPECT_EQ(writer.lost(), 2U);
    go_on.set_value();
  }
  EXPECT_THAT(written, ElementsAre("first", "a", "b"));
}

}  // namespace
}  // namespace assayfs
