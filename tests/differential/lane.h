// SPDX-License-Identifier: Apache-2.0
// Lane: one thread's part of a sequence, and what came out of it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "random.h"
#include "words.h"

namespace assayfs::differential {

// One call as text, and its results.
struct Step {
  std::string call;
  std::string outcome;
};

// A name below an open folder.
struct Place {
  int folder_fd;
  std::string name;
  std::string text;
};

// Draws arguments, keeps descriptors and writes results down. What is drawn
// must never depend on a result, or both sides would not do the same.
//
// Threads: one thread.
class Lane {
 public:
  static constexpr std::size_t kSlots = 3;

  // work: the folder that the calls work in. memory: some file in memory, to
  // copy through, so that a mapping that cannot be read is no signal.
  Lane(UniqueFd work, UniqueFd memory);

  // Begins a step: what is drawn comes from random, what is said goes to step.
  void Begin(Random random, Step& step);

  Random& random() { return random_; }
  int work_fd() const { return work_.get(); }
  int memory_fd() const { return memory_.get(); }

  // Draws a name for content, a folder, or anything, by weight; with the odd
  // one among them.
  std::string DrawName();
  Place DrawPlace();
  std::size_t DrawSlot();
  mode_t DrawMode();
  // Draws an offset or a length: small, near pages, past the end, or absurd.
  // None beyond what some lower file system can have: what the kernel answers
  // before it asks us is the deviation large-offset.
  std::int64_t DrawOffset();
  std::int64_t DrawLength();
  std::string DrawBytes();

  // Returns the descriptor in slot, or -1.
  int fd(std::size_t slot) const { return slots_.at(slot).get(); }
  void Fill(std::size_t slot, int fd) { slots_.at(slot).Reset(fd); }
  int Empty(std::size_t slot) { return slots_.at(slot).Release(); }

  // Remembers that room was allocated in some file.
  void Allocated() { has_allocated_ = true; }
  bool has_allocated() const { return has_allocated_; }

  // Remembers that a mapping was stored to. The lower file system gets whole
  // pages of the kernel's from then on, and at another time than on the bare
  // tree; which holes it fills then is a deviation, stored-blocks.
  void Stored() { blocks_ = Blocks::kOmit; }
  Blocks blocks() const { return blocks_; }

  // Writes the call down.
  void Say(std::string_view call, std::initializer_list<std::string> arguments);
  // Writes a returned value down, or errno if it is negative. Returns it.
  std::int64_t Result(std::int64_t returned);
  // The same for a descriptor, whose number is of no interest.
  int Opened(int fd);
  // Adds to the results.
  void Add(std::string_view text);
  // Adds what stat(2) tells of a place, or of a slot.
  void Look(const Place& place);
  void Look(std::size_t slot);

 private:
  UniqueFd work_;
  UniqueFd memory_;
  std::array<UniqueFd, kSlots> slots_;
  Random random_{0};
  Step* step_ = nullptr;
  bool has_allocated_ = false;
  Blocks blocks_ = Blocks::kShow;
};

std::string SlotName(std::size_t slot);

}  // namespace assayfs::differential
