// SPDX-License-Identifier: Apache-2.0
// Running other programs in tests: gpg, openssl, rpm.
#pragma once

#include <string>
#include <vector>

namespace assayfs::testing {

struct CommandResult {
  int status = -1;  // exit status; -1 if it did not exit by itself
  std::string out;
  std::string err;
};

// Runs a program, found along PATH, and waits for it.
CommandResult Run(const std::vector<std::string>& arguments,
                  const std::string& input = "");

// As Run, returns what it wrote to stdout; ends the test program with its
// stderr if it fails.
std::string MustRun(const std::vector<std::string>& arguments,
                    const std::string& input = "");

// Says whether PATH has the program.
bool HasProgram(const std::string& name);

}  // namespace assayfs::testing
