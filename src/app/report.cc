// SPDX-License-Identifier: Apache-2.0
// The one line that a user sees when something fails, and numbers in text.
#include "app/report.h"

#include <unistd.h>

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

std::string Grouped(std::size_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Counted(std::size_t number, std::string_view noun) {
  std::string text = Grouped(number);
  text.append(" ").append(noun);
  if (number != 1) text += 's';
  return text;
}

}  // namespace assayfs
