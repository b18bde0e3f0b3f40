// SPDX-License-Identifier: Apache-2.0
// Running other programs in tests: gpg, openssl, rpm.
#include "command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "support/temp_dir.h"

namespace assayfs::testing {

CommandResult Run(const std::vector<std::string>& arguments,
                  const std::string& input) {
  const TempDir dir;
  const std::string in = dir.Write("in", input);
  const std::string out = dir / "out";
  const std::string err = dir / "err";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, in.c_str(), O_RDONLY,
                                   0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(),
                                   O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(),
                                   O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failed =
      posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failed != 0 || ::waitpid(pid, &status, 0) != pid) return {};
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadText(out),
          ReadText(err)};
}

std::string MustRun(const std::vector<std::string>& arguments,
                    const std::string& input) {
  CommandResult result = Run(arguments, input);
  if (result.status != 0) {
    for (const std::string& argument : arguments) std::cerr << argument << " ";
    std::cerr << "failed: " << result.err << "\n";
    std::abort();
  }
  return result.out;
}

bool HasProgram(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace assayfs::testing
