// SPDX-License-Identifier: Apache-2.0
// How verbs report: exit status, the one line for an error, and numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assayfs {

// What the program ends with. Scripts rely on these numbers; see assayfs(8).
enum ExitStatus : int {
  kExitYes = 0,     // done, or the answer is yes
  kExitNo = 1,      // the answer is no
  kExitUsage = 2,   // the command line is wrong
  kExitFailed = 3,  // could not decide, or the environment failed
};

// Writes text to the standard error stream. Not through stderr of the C
// library: what it stands for is changed while keys are read, to keep librnp
// quiet. Threads: safe.
void WriteToStderr(std::string_view text);

// Prints "assayfs: WHAT: WHY" to stderr, as one line whatever the texts hold,
// and returns kExitFailed.
int ReportFailure(std::string_view what, std::string_view why);
inline int ReportFailure(std::string_view what, const Error& error) {
  return ReportFailure(what, error.message());
}

// Returns number with a comma between groups of three digits: "1,723".
std::string Grouped(std::size_t number);

// Returns "1 list", "2 lists": number, grouped, and noun in the right form.
std::string Counted(std::size_t number, std::string_view noun);

}  // namespace assayfs
