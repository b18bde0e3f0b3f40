// SPDX-License-Identifier: Apache-2.0
// Policies and uses at random, and the plain way to match them: rule after
// rule, and condition after condition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "policy/match.h"

namespace assayfs::testing {

// Choices at random, the same for the same seed on every machine.
class Chooser {
 public:
  explicit Chooser(std::uint32_t seed) : engine_(seed) {}

  // A number below limit, which is not 0.
  std::size_t Below(std::size_t limit) { return engine_() % limit; }
  bool OneIn(std::size_t cases) { return Below(cases) == 0; }
  template <typename List>
  std::string Of(const List& list) {
    return std::string(list[Below(std::size(list))]);
  }
  // From least to most of them, one after another.
  template <typename List>
  std::string Some(const List& list, std::size_t least, std::size_t most) {
    std::string all;
    for (std::size_t i = least + Below(most - least + 1); i > 0; --i) {
      all += Of(list);
    }
    return all;
  }

 private:
  std::mt19937 engine_;
};

// What the rules of a policy may ask; one in this many does, 0 for none.
struct Asks {
  std::size_t func = 2;
  std::size_t mask = 3;
  std::size_t asker = 5;  // each number; and program and container
  std::size_t path = 3;
  std::size_t file = 6;  // owner, group and file system
  std::size_t terms = 2;
};

// The text of a policy that parses.
std::string RandomPolicy(Chooser& choose, std::size_t rules, const Asks& asks);

// Values are near those that rules ask for; some are not known.
Use RandomUse(Chooser& choose);
std::string RandomPath(Chooser& choose);

// What is known of the asker is of other, or unknown, in use.
void ChangeAsker(Chooser& choose, Use& use);

// Says whether all of text is as glob says, trying everything.
bool PlainGlob(std::string_view glob, std::string_view text);

// Says whether a rule accepts a use on an occasion.
bool PlainlyAccepts(const Rule& rule, Func func, const Use& use);

// As Match and MatchOccasion.
std::vector<Demand> PlainMatch(const Policy& policy, const Use& use);
std::vector<Demand> PlainMatchOccasion(const Policy& policy, Func func,
                                       const Use& use);

// The one demand, or none.
inline Demand TheOne(const DemandList& demands) {
  return demands.size() == 1 ? demands.all()[0] : Demand{};
}

// Says whether two demands, or two lists of them in any order, ask for the
// same.
bool SameDemand(const Demand& one, const Demand& other);
bool SameDemands(const DemandList& one, const DemandList& other);

// For messages: the policy is best written beside it.
std::string Described(const Use& use);
std::string Described(const DemandList& demands);

}  // namespace assayfs::testing
