// SPDX-License-Identifier: Apache-2.0
// Match: from a use of a file to the rules that apply to it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace assayfs {

// Who wants to use a file, how, and what is known of both. What is not known is
// left out.
struct Use {
  Mask mask = kMayRead;
  uid_t uid = 0;  // as the kernel told; for records
  pid_t pid = 0;  // the thread that asks; 0 if there is none, or it is not seen
  std::array<std::optional<std::uint32_t>, kNumberCount> numbers = {};
  // Spellings of one thing each. A known container may be "": none.
  std::array<std::vector<std::string>, kTextCount> texts = {};
  std::optional<bool> elf = {};  // the file begins as ELF files do
  // The program gets the user, or the group, of its file.
  std::optional<bool> setuid = {};
  std::optional<bool> setgid = {};

  bool executes() const { return (mask & kMayExec) != 0; }
  bool sees_content() const { return (mask & (kMayRead | kMayExec)) != 0; }
  // Sets setuid and setgid by the st_mode of the file.
  void set_mode(mode_t mode);
  std::optional<std::uint32_t>& number(NumberFact which) {
    return numbers[static_cast<std::size_t>(which)];
  }
  std::vector<std::string>& text(TextFact which) {
    return texts[static_cast<std::size_t>(which)];
  }
};

// The rules that apply on one occasion; null where none does or one that
// excepts. They point into the policy.
struct Demand {
  const Rule* appraise = nullptr;
  const Rule* measure = nullptr;
  const Rule* audit = nullptr;
  const Rule* hash = nullptr;

  // The one that the answer depends on; null if there is none.
  const Rule* rule() const;
  bool any() const { return rule() != nullptr; }
};

// What is asked for on all occasions of one use, each once: all of it must be
// met. Usually one demand.
class DemandList {
 public:
  void Add(const Demand& demand);
  const std::vector<Demand>& all() const& { return demands_; }
  const std::vector<Demand>& all() && = delete;
  std::size_t size() const { return demands_.size(); }
  bool empty() const { return demands_.empty(); }

 private:
  std::vector<Demand> demands_;
};

// On each occasion that a use is, the first match for each kind of action, as
// in IMA. A condition on something that is not known holds for a rule that
// demands, and does not for one that excepts.
// Threads: pure function.
DemandList Match(const Policy& policy, const Use& use);

// Returns the first rule that excepts a use from being appraised on the
// occasion of opening, or executing, a file; null if there is none. For
// explaining why nothing is demanded. Threads: pure function.
const Rule* FindException(const Policy& policy, const Use& use);

// As Match, for one occasion that is none of those of opening a file, such as
// the loading of a policy.
DemandList MatchOccasion(const Policy& policy, Func func, const Use& use);

// For lists, which are good for something only where a rule demands it. Returns
// the rules for them that demand and are the first that match, for all that
// what is not known may be; the last of them matches for certain. Empty if none
// does, or one that excepts may match before it: the list does not count.
// Threads: pure function.
std::vector<const Rule*> MatchList(const Policy& policy, ActionClass kind,
                                   const Use& use);

}  // namespace assayfs
