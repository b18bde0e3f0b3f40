// SPDX-License-Identifier: Apache-2.0
// CheckPolicy: what is likely to be wrong with a policy that parses.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace assayfs {

struct PolicyFinding {
  // kError: the policy cannot do what it says. kWarning: a rule does not, or is
  // easily got round. kNote: worth knowing.
  enum class Severity { kError, kWarning, kNote };
  Severity severity = Severity::kWarning;
  std::string file;
  unsigned line = 0;    // from 1; 0: of the policy as a whole
  unsigned column = 0;  // in bytes, from 1; 0: of the line as a whole
  // What is wrong. Other lines are "line N", or "line N of FILE" if they are
  // not in this one.
  std::string text;
  std::string instead;  // what to write instead, or as well; may be empty
};

// Returns findings by file, in the order in which files appear, and by line:
// rules that no use reaches, because an earlier one takes all; that say the
// opposite of an earlier one; that ask for what is never so; that except from
// what nothing demands; lists that nothing appraises or measures; conditions
// that are easily got round; patterns that match nothing; a policy that judges
// or denies nothing; and the warnings of the parser as notes. Of a rule that no
// use reaches only that is said. Rules are compared as if all that they ask
// were known of every use. Threads: pure function.
std::vector<PolicyFinding> CheckPolicy(const Policy& policy);

}  // namespace assayfs
