// SPDX-License-Identifier: Apache-2.0
#include "fs/handle_table.h"

#include <gtest/gtest.h>

#include <memory>

namespace assayfs {
namespace {

TEST(HandleTableTest, FindsWhatWasAddedUntilItIsTaken) {
  HandleTable<int> table;
  const std::uint64_t number = table.Add(std::make_unique<int>(7));
  ASSERT_NE(number, 0U);
  EXPECT_EQ(*HandleTable<int>::At(number), 7);
  EXPECT_EQ(*table.Take(number), 7);
  EXPECT_EQ(table.Take(number), nullptr);
}

TEST(HandleTableTest, HasNothingUnderZero) {
  HandleTable<int> table;
  EXPECT_EQ(HandleTable<int>::At(0), nullptr);
  EXPECT_EQ(table.Take(0), nullptr);
}

TEST(HandleTableTest, FreesWhatIsLeft) {
  HandleTable<std::shared_ptr<int>> table;
  const auto owned = std::make_shared<int>(7);
  table.Add(std::make_unique<std::shared_ptr<int>>(owned));
  EXPECT_EQ(owned.use_count(), 2);
  table.Clear();
  EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace assayfs
