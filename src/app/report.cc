// SPDX-License-Identifier: Apache-2.0
// ReportFailure: the one line that a user sees when something fails.
#include "app/report.h"

#include <unistd.h>

#include <string>

#include "base/bytes.h"
#include "base/files.h"

namespace assayfs {

void WriteToStderr(std::string_view text) {
  // If nobody can be told, nothing can be done about it.
  [[maybe_unused]] const auto written = WriteAll(STDERR_FILENO, AsBytes(text));
}

int ReportFailure(std::string_view what, std::string_view why) {
  // One write, so that lines of several processes do not mix.
  const std::string line =
      "assayfs: " + Printable(what) + ": " + Printable(why) + "\n";
  WriteToStderr(line);
  return kExitFailed;
}

}  // namespace assayfs
