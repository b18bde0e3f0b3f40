// SPDX-License-Identifier: Apache-2.0
// Becoming the command that a verb was given.
#include "app/run/execute.h"

#include <unistd.h>

#include "app/report.h"
#include "base/result.h"

namespace assayfs {
namespace {

constexpr int kCannotRun = 126;
constexpr int kNotFound = 127;

}  // namespace

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void Execute(const char* verb, std::vector<std::string> command,
                          const sigset_t& mask) {
  auto words = Pointers(command);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(words[0], words.data());
  const Error error = Error::FromErrno(command[0]);
  ReportFailure(verb, error);
  ::_exit(error.code() == ENOENT ? kNotFound : kCannotRun);
}

}  // namespace assayfs
