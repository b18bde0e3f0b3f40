// SPDX-License-Identifier: Apache-2.0
#include "fs/listing_habits.h"

#include <gtest/gtest.h>

namespace assayfs {
namespace {

// Lists so many names as a process that looks each up that it has to, or none;
// returns how many came with attributes.
int List(ListingHabits& habits, pid_t pid, int names, bool looks) {
  int told = 0;
  int alone = 0;
  for (int i = 0; i < names; ++i) {
    const bool attributes = habits.WantsAttributes(pid);
    attributes ? ++told : ++alone;
  }
  for (int i = 0; looks && i < alone; ++i) habits.LookedUp(pid);
  return told;
}

TEST(ListingHabitsTest, GivesAttributesAtFirst) {
  ListingHabits habits;
  EXPECT_EQ(List(habits, 1, 8, false), 8);
}

TEST(ListingHabitsTest, GivesNamesToWhoLooksUpNothing) {
  ListingHabits habits;
  List(habits, 1, 100, false);
  EXPECT_EQ(List(habits, 1, 1000, false), 0);
}

TEST(ListingHabitsTest, GivesAttributesToWhoLooksUpWhatItGets) {
  ListingHabits habits;
  List(habits, 1, 100, true);
  EXPECT_GT(List(habits, 1, 1000, true), 900);
}

TEST(ListingHabitsTest, SeesThatAHabitChanged) {
  ListingHabits habits;
  List(habits, 1, 10000, false);
  for (int i = 0; i < 1000; ++i) habits.LookedUp(1);
  EXPECT_GT(List(habits, 1, 100, true), 80);
  List(habits, 1, 10000, false);
  EXPECT_EQ(List(habits, 1, 10, false), 0);
}

TEST(ListingHabitsTest, TellsProcessesApart) {
  ListingHabits habits;
  List(habits, 1, 100, false);
  List(habits, 2, 100, true);
  EXPECT_EQ(List(habits, 1, 100, false), 0);
  EXPECT_GT(List(habits, 2, 100, true), 80);
  List(habits, 65, 1, false);  // takes the place of 1
  EXPECT_EQ(List(habits, 1, 8, false), 8);
}

}  // namespace
}  // namespace assayfs
