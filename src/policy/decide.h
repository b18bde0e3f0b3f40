// SPDX-License-Identifier: Apache-2.0
// Decide: from evidence to verdict, and nothing else.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "assayfs/verdict.h"
#include "policy/match.h"

namespace assayfs {

// What a mount does with a denial: refuse the open, only record it, or not
// judge at all.
enum class Mode { kEnforce, kLog, kOff };

std::string_view ModeName(Mode mode);
std::optional<Mode> ModeFromName(std::string_view name);

// All that is known of the file when a decision is due.
struct Evidence {
  bool regular = true;
  bool writer_active = false;
  bool failed = false;  // reading or hashing failed; the rest is not known
  // A list that counts has a digest, and both count under Demand::rule.
  bool known = false;
  // Why it is not known although a list has it, or had: kRevoked, kRolledBack.
  std::optional<Reason> withdrawn = {};
  bool in_place = true;  // known under this path, or the rule does not ask
  bool attributes_hold = true;  // the same for what else the rule binds
  bool path_listed = false;     // a list gives this path another digest
  // A list that has the digest was verified, and the policy appraises it.
  bool list_verified = false;
  // A list that was measured has a digest, and both count under
  // Demand::measure.
  bool list_measured = false;
};

struct Decision {
  Verdict verdict = Verdict::kUnjudged;
  Reason reason = Reason::kDontAppraise;
  const Rule* rule = nullptr;  // the rule that led to it; may be null
  // The rule by which a record of its own is due for this file; may be null.
  const Rule* measure = nullptr;
  bool audit = false;  // a line in the records is due for this file
};

// Decides. Threads: pure function.
Decision Decide(const Demand& demand, const Evidence& evidence);

// What all demands on one use come to.
struct Outcome {
  Decision decision;       // the strictest
  bool appraised = false;  // some rule asked for it
  // By which the file is to be measured: each in another PCR.
  std::vector<const Rule*> measures;
  bool audit = false;  // a line in the records is due

  // Adds what is decided of one more demand. Says whether that decides now: it
  // is the first, or its verdict is stricter.
  bool Add(const Demand& demand, const Evidence& evidence);
};

// Says whether the use goes ahead: denials and errors stop it in enforce mode
// only. The one line where "could not decide" becomes "no".
bool Permits(Mode mode, Verdict verdict);

}  // namespace assayfs
