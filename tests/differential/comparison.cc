// SPDX-License-Identifier: Apache-2.0
// Comparison: runs, compares, reports.
#include "comparison.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "deviations.h"

namespace assayfs::differential {
namespace {

constexpr const char* kNothing = "(nothing)";

std::optional<Difference> FindInLane(const std::vector<Step>& expected,
                                     const std::vector<Step>& got) {
  Deviations deviations;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    deviations.Made(expected[i].call);
    if (expected[i].call != got[i].call) {
      return Difference{"this program: calls are not the same",
                        expected[i].call, got[i].call};
    }
    if (!deviations.Agree(expected[i].outcome, got[i].outcome)) {
      return Difference{expected[i].call, expected[i].outcome, got[i].outcome};
    }
  }
  return std::nullopt;
}

std::optional<Difference> FindInTree(const std::vector<std::string>& expected,
                                     const std::vector<std::string>& got,
                                     const Deviations& deviations) {
  const std::size_t lines = std::max(expected.size(), got.size());
  for (std::size_t i = 0; i < lines; ++i) {
    const std::string& left = i < expected.size() ? expected[i] : kNothing;
    const std::string& right = i < got.size() ? got[i] : kNothing;
    if (!deviations.Agree(left, right)) {
      return Difference{"the tree in the end", left, right};
    }
  }
  return std::nullopt;
}

void Print(const Difference& difference) {
  std::cout << "  at:       " << difference.where
            << "\n  expected: " << difference.expected
            << "\n  got:      " << difference.got << std::endl;
}

}  // namespace

std::optional<Difference> FindDifference(const Outcome& expected,
                                         const Outcome& got) {
  Deviations deviations;
  for (std::size_t i = 0; i < expected.lanes.size(); ++i) {
    for (const Step& step : expected.lanes[i]) deviations.Made(step.call);
    auto difference = FindInLane(expected.lanes[i], got.lanes[i]);
    if (difference) return difference;
  }
  return FindInTree(expected.tree, got.tree, deviations);
}

Comparison::Comparison(std::string mount, std::string plain)
    : mount_(std::move(mount)), plain_(std::move(plain)) {}

std::optional<Difference> Comparison::Compare(const SequenceId& id,
                                              const Shape& shape,
                                              const LeftOut& left_out) {
  got_ = RunSequence(id, shape, left_out, mount_);
  expected_ = RunSequence(id, shape, left_out, plain_);
  calls_ += shape.lanes * shape.steps - left_out.size();
  return FindDifference(expected_, got_);
}

void Comparison::Report(const SequenceId& id, const Shape& shape,
                        const Difference& found) {
  std::cout << "difference: seed " << id.seed << " sequence " << id.number
            << "\n";
  Print(found);
  const std::size_t calls = calls_;
  LeftOut left_out;
  for (std::size_t lane = 0; lane < shape.lanes; ++lane) {
    for (std::size_t step = shape.steps; step-- > 0;) {
      left_out.emplace(lane, step);
      if (!Compare(id, shape, left_out)) left_out.erase({lane, step});
    }
  }
  const auto difference = Compare(id, shape, left_out);
  calls_ = calls;
  std::cout << "  calls that lead there:\n";
  for (std::size_t lane = 0; lane < shape.lanes; ++lane) {
    for (std::size_t step = 0; step < shape.steps; ++step) {
      if (left_out.contains({lane, step})) continue;
      const Step& made = expected_.lanes[lane][step];
      std::cout << "    " << lane << "." << step << " " << made.call
                << "\n      = " << made.outcome << "\n";
    }
  }
  if (difference) {
    Print(*difference);
  } else {
    std::cout << "  not seen again with the same calls" << std::endl;
  }
}

}  // namespace assayfs::differential
