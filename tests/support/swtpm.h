// SPDX-License-Identifier: Apache-2.0
// Swtpm: a software TPM of its own for one test.
#pragma once

#include <sys/types.h>

#include <string>

#include "support/temp_dir.h"

namespace assayfs::testing {

// Runs swtpm as a child on Unix sockets in a temporary folder. It serves one
// connection at a time; all PCRs that can be extended start as zeros.
class Swtpm {
 public:
  // Says whether the program is installed; without it, tests are skipped.
  static bool Available();

  // Starts it and returns when it answers; aborts the test program otherwise.
  Swtpm();
  Swtpm(const Swtpm&) = delete;
  Swtpm& operator=(const Swtpm&) = delete;
  ~Swtpm();

  // The TCTI configuration that reaches it.
  std::string tcti() const { return "swtpm:path=" + socket_; }

  // Ends it, as if the machine lost it; Start begins again with empty PCRs.
  void Stop();
  void Start();

  // Makes it unreachable without touching its PCRs, and reachable again.
  void Hide();
  void Show();

 private:
  bool Answers(const std::string& socket_path) const;

  TempDir dir_;
  std::string socket_ = dir_ / "tpm";
  pid_t pid_ = -1;
};

}  // namespace assayfs::testing
