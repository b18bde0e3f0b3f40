// SPDX-License-Identifier: Apache-2.0
// Progress: writing over the last line of a terminal.
#include "app/progress.h"

#include <unistd.h>

#include <iostream>
#include <utility>

#include "app/lists/lists_input.h"

namespace assayfs {

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::Show(std::size_t files) {
  if (!terminal_ || files % 64 != 0) return;
  std::cerr << '\r' << Counted(files, "file") << " hashed" << std::flush;
  shown_ = true;
}

void Progress::Clear() {
  if (std::exchange(shown_, false)) std::cerr << "\r\x1b[K";
}

}  // namespace assayfs
