// SPDX-License-Identifier: Apache-2.0
// Two outcomes of one sequence, and where they differ.
#pragma once

#include <optional>
#include <string>

#include "sequence.h"

namespace assayfs::differential {

struct Difference {
  std::string where;
  std::string expected;  // on the plain folder
  std::string got;       // on the mount
};

std::optional<Difference> FindDifference(const Outcome& expected,
                                         const Outcome& got);

// Runs sequences on both sides.
//
// Threads: one thread.
class Comparison {
 public:
  Comparison(std::string mount, std::string plain);

  // Runs a sequence on both sides. Returns what differs, if anything.
  std::optional<Difference> Compare(const SequenceId& id, const Shape& shape,
                                    const LeftOut& left_out);

  // Prints a difference that was found. Leaves steps out as long as there
  // still is one, and prints the calls that are left with what is expected.
  void Report(const SequenceId& id, const Shape& shape,
              const Difference& found);

  // Calls that were made on each side so far, those of reports left out.
  std::size_t calls() const { return calls_; }

 private:
  std::string mount_;
  std::string plain_;
  std::size_t calls_ = 0;
  Outcome expected_;
  Outcome got_;
};

}  // namespace assayfs::differential
