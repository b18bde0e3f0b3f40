// SPDX-License-Identifier: Apache-2.0
// Signing with an OpenPGP key that GnuPG keeps.
#include "app/lists/gpg_signer.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

constexpr std::size_t kMaxOutputBytes = std::size_t{1} << 20;

Result<UniqueFd> MemoryFile(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno("memfd_create"));
  return fd;
}

// Runs arguments[0] from PATH with the three descriptors as its standard
// input, output and error, and waits. Returns its wait status.
Result<int> RunProgram(std::vector<std::string> arguments, int in, int out,
                       int err) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t child = -1;
  const int code =
      ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    errno = code;
    return Fail(Error::FromErrno(arguments[0]));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Fail(Error::FromErrno("waitpid"));
  }
  return status;
}

// Returns the last line of text that is not empty.
std::string LastLine(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const auto start = text.rfind('\n');
  if (start != std::string_view::npos) text.remove_prefix(start + 1);
  return std::string(text.empty() ? "gpg failed" : text);
}

}  // namespace

Result<ByteVector> GpgSign(const std::string& key, const std::string& home,
                           Bytes bytes) {
  const auto in = MemoryFile("payload");
  const auto out = MemoryFile("signature");
  const auto err = MemoryFile("messages");
  if (!in) return Fail(in.error());
  if (!out) return Fail(out.error());
  if (!err) return Fail(err.error());
  const auto written = WriteAll(in->get(), bytes);
  if (!written) return Fail(written.error());
  if (::lseek(in->get(), 0, SEEK_SET) != 0) {
    return Fail(Error::FromErrno("lseek"));
  }
  std::vector<std::string> arguments = {"gpg", "--batch", "--no-armor"};
  if (!home.empty()) arguments.push_back("--homedir=" + home);
  // With "=", what the user gave can never be taken for an option.
  arguments.push_back("--local-user=" + key);
  arguments.insert(arguments.end(), {"--digest-algo", "SHA512", "--output", "-",
                                     "--detach-sign"});
  const auto status =
      RunProgram(std::move(arguments), in->get(), out->get(), err->get());
  if (!status) return Fail(status.error());
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    const auto messages = ReadWholeFile(err->get(), kMaxOutputBytes);
    return Fail(EKEYREJECTED,
                LastLine(messages ? AsText(*messages) : std::string_view()));
  }
  auto signature = ReadWholeFile(out->get(), kMaxOutputBytes);
  if (signature && signature->empty()) {
    return Fail(EKEYREJECTED, "gpg made no signature");
  }
  return signature;
}

}  // namespace assayfs
