// SPDX-License-Identifier: Apache-2.0
// ListingHabits: a count of names given, and of names looked up.
#include "fs/listing_habits.h"

namespace assayfs {
namespace {

// One name in so many is given alone.
constexpr std::uint32_t kSample = 16;

// From so many names on, what was long ago counts half.
constexpr std::uint32_t kLongAgo = 512;

std::size_t PlaceOf(pid_t pid, std::size_t places) {
  return static_cast<std::uint32_t>(pid) % places;
}

}  // namespace

bool ListingHabits::WantsAttributes(pid_t pid) {
  return habits_.With([pid](auto& habits) {
    Habit& habit = habits[PlaceOf(pid, kProcesses)];
    if (habit.pid != pid) habit = {.pid = pid};
    const bool looks = habit.looked_up * 2 >= habit.names;
    const bool sample = habit.turn++ % kSample == kSample / 2;
    if (looks && !sample) return true;
    if (++habit.names > kLongAgo) {
      habit.names /= 2;
      habit.looked_up /= 2;
    }
    return false;
  });
}

void ListingHabits::LookedUp(pid_t pid) {
  habits_.With([pid](auto& habits) {
    Habit& habit = habits[PlaceOf(pid, kProcesses)];
    if (habit.pid == pid) ++habit.looked_up;
  });
}

}  // namespace assayfs
