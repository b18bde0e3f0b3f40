// SPDX-License-Identifier: Apache-2.0
// Progress: how far long work has come.
#include "app/progress.h"

#include "app/report.h"

namespace assayfs {

void Progress::Show(std::size_t files) {
  constexpr std::size_t kStep = 64;
  if (!terminal_ || files % kStep != 0) return;
  shown_ = true;
  WriteToStderr("\r" + Counted(files, "file") + " " + done_);
}

void Progress::Clear() {
  if (shown_.exchange(false)) WriteToStderr("\r\x1b[K");
}

}  // namespace assayfs
