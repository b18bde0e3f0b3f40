// SPDX-License-Identifier: Apache-2.0
// ReportFailure: the one line that a user sees when something fails.
#include "app/report.h"

#include <cstdio>
#include <string>

#include "base/bytes.h"

namespace assayfs {

int ReportFailure(std::string_view what, std::string_view why) {
  // One write, so that lines of several processes do not mix.
  const std::string line =
      "assayfs: " + Printable(what) + ": " + Printable(why) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return kExitFailed;
}

}  // namespace assayfs
