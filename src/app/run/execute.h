// SPDX-License-Identifier: Apache-2.0
// Becoming the command that a verb was given.
#pragma once

#include <signal.h>

#include <string>
#include <vector>

namespace assayfs {

// Replaces this process by command, which is looked for in PATH. mask: the
// signals that it starts with blocked. If that fails it is reported, verb
// first, and the process ends with what env(1) answers then: 127 if the command
// was not found, or else 126.
[[noreturn]] void Execute(const char* verb, std::vector<std::string> command,
                          const sigset_t& mask);

// Returns pointers to texts, and null at the end, as execve(2) wants them.
std::vector<char*> Pointers(std::vector<std::string>& texts);

}  // namespace assayfs
