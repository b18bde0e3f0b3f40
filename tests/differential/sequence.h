// SPDX-License-Identifier: Apache-2.0
// One sequence of calls, run in one folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "lane.h"

namespace assayfs::differential {

struct SequenceId {
  std::uint64_t seed;
  std::uint64_t number;
};

struct Shape {
  std::size_t lanes;  // threads that make calls at the same time
  std::size_t steps;  // calls of each
};

// Which steps are left out, as lane and step, to find those that matter.
using LeftOut = std::set<std::pair<std::size_t, std::size_t>>;

struct Outcome {
  std::vector<std::vector<Step>> lanes;
  std::vector<std::string> tree;  // what is there in the end
};

// Returns the shape of a sequence: mostly one lane, now and then more.
Shape ShapeOf(const SequenceId& id, std::size_t threads, std::size_t steps);

// Runs a sequence in a fresh folder below parent and removes the folder.
// Throws std::filesystem::filesystem_error or std::system_error if there is no
// such folder to be had.
Outcome RunSequence(const SequenceId& id, const Shape& shape,
                    const LeftOut& left_out, const std::string& parent);

}  // namespace assayfs::differential
