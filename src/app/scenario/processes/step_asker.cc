// SPDX-License-Identifier: Apache-2.0
// A process that uses a file of a mount, as a step of a scenario says.
#include "app/scenario/processes/step_asker.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/run/execute.h"
#include "app/scenario/processes/children.h"
#include "app/scenario/processes/container_group.h"
#include "app/scenario/processes/stand_in_program.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/numbers.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kUseLimit{60'000};

// What the child says: one of these, a number and a text. A stand-in says what
// cat(1) does, and nothing if it could; nor does a child that executes.
constexpr std::string_view kUsed = "used ";
constexpr std::string_view kDenied = "denied ";
constexpr std::string_view kFailed = "failed ";

struct Attempt {
  const Asker& asker;
  int root_fd;
  const std::string& path;
  Mask mask;
  const ContainerGroup* group;  // may be null
  pid_t parent;
};

int FlagsFor(Mask mask) {
  const bool writes = (mask & (kMayWrite | kMayAppend)) != 0;
  const int access = !writes                  ? O_RDONLY
                     : (mask & kMayRead) != 0 ? O_RDWR
                                              : O_WRONLY;
  return access | ((mask & kMayAppend) != 0 ? O_APPEND : 0);
}

// Where files are judged when they are read, an open tells nothing. file_fd:
// the file, so that links are followed once only.
int Open(const Attempt& attempt, int file_fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(file_fd);
  const UniqueFd file(::open(path.c_str(), FlagsFor(attempt.mask) | O_CLOEXEC));
  if (!file) return errno;
  char byte = 0;
  if ((attempt.mask & kMayRead) != 0 && ::read(file.get(), &byte, 1) < 0) {
    return errno;
  }
  return 0;
}

// Opens the file so that a program that is started finds it.
Result<UniqueFd> OpenToPass(const Attempt& attempt) {
  auto file = OpenInRoot(attempt.root_fd, attempt.path, O_PATH, Links::kFollow);
  if (file) ::fcntl(file->get(), F_SETFD, 0);
  return file;
}

bool IsFolder(int file_fd) {
  struct stat info {};
  return ::fstat(file_fd, &info) == 0 && S_ISDIR(info.st_mode);
}

// Says whether the kernel itself lets this process use the file.
bool MayUse(int file_fd, Mask mask) {
  const int wanted = ((mask & kMayRead) != 0 ? R_OK : 0) |
                     ((mask & (kMayWrite | kMayAppend)) != 0 ? W_OK : 0) |
                     ((mask & kMayExec) != 0 ? X_OK : 0);
  return ::faccessat(file_fd, "", wanted, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

// Returns if the file was not executed. If it was, the kernel stops the program
// before it does anything.
Result<int> Execute(const Attempt& attempt, int file_fd) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
    return Fail(Error::FromErrno("having a program stopped"));
  }
  std::vector<std::string> words = {attempt.path};
  const char* const no_environment[] = {nullptr};
  ::syscall(SYS_execveat, file_fd, "", Pointers(words).data(), no_environment,
            AT_EMPTY_PATH);
  // The file itself was opened, but is no program, or its interpreter is
  // missing.
  const bool is_opened =
      errno == ENOEXEC || errno == ENOENT || errno == ELIBBAD;
  return is_opened ? 0 : errno;
}

Result<void> BecomeUser(const Asker& asker, pid_t parent) {
  if (::setgroups(0, nullptr) != 0 ||
      ::setresgid(asker.gid, asker.egid, asker.egid) != 0 ||
      ::setresuid(asker.uid, asker.euid, asker.euid) != 0) {
    return Fail(Error::FromErrno("becoming user " + std::to_string(asker.uid)));
  }
  EndWithParent(parent);
  return {};
}

// What cat says would not tell who refused, so that is asked before.
Result<UseOutcome> RunStandIn(const Attempt& attempt, int file_fd,
                              int report_fd) {
  if (!MayUse(file_fd, attempt.mask)) return UseOutcome{EACCES, false};
  if (IsFolder(file_fd)) return UseOutcome{EISDIR, false};
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  ::dup2(null.get(), STDOUT_FILENO);
  ::dup2(report_fd, STDERR_FILENO);
  return Fail(BecomeStandIn(attempt.asker.exe,
                            "/proc/self/fd/" + std::to_string(file_fd)));
}

Result<UseOutcome> Use(const Attempt& attempt, int report_fd) {
  const auto file = OpenToPass(attempt);
  if (!file) return UseOutcome{file.error().code(), false};
  if (!attempt.asker.exe.empty()) {
    return RunStandIn(attempt, file->get(), report_fd);
  }
  const auto code = (attempt.mask & kMayExec) != 0
                        ? Execute(attempt, file->get())
                        : Open(attempt, file->get());
  if (!code) return Fail(code.error());
  const bool refused = *code == EACCES || *code == EPERM;
  return UseOutcome{*code, refused && !IsFolder(file->get()) &&
                               MayUse(file->get(), attempt.mask)};
}

// The child's part. Does not return if another program takes over.
Result<UseOutcome> BecomeAndUse(const Attempt& attempt, int report_fd) {
  if (attempt.group != nullptr) {
    if (auto entered = attempt.group->Enter(); !entered) {
      return Fail(std::move(entered).error());
    }
  }
  if (!attempt.asker.exe.empty()) {
    if (auto put = PutStandIn(attempt.asker.exe); !put) {
      return Fail(std::move(put).error());
    }
  }
  if (auto done = BecomeUser(attempt.asker, attempt.parent); !done) {
    return Fail(std::move(done).error());
  }
  return Use(attempt, report_fd);
}

[[noreturn]] void RunChild(const Attempt& attempt, int report_fd) {
  EndWithParent(attempt.parent);
  const auto used = BecomeAndUse(attempt, report_fd);
  std::string text;
  if (used) {
    text = std::string(used->denied ? kDenied : kUsed) +
           std::to_string(used->code) + " ";
  } else {
    text = std::string(kFailed) + std::to_string(used.error().code()) + " " +
           used.error().message();
  }
  static_cast<void>(WriteAll(report_fd, AsBytes(text)));
  ::_exit(0);
}

// Reads until the other end is closed; nothing if the time is over.
std::optional<std::string> ReadReport(int fd) {
  std::string text;
  const auto end = Clock::now() + kUseLimit;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd ready = {fd, POLLIN, 0};
    if (left.count() <= 0) return std::nullopt;
    if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    char piece[1024];
    const ssize_t size = ::read(fd, piece, sizeof(piece));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
  }
}

// Says what became of the use. status: of the child, as waitpid(2) has it.
Result<UseOutcome> Understand(std::string_view said, int status) {
  for (const std::string_view word : {kUsed, kDenied, kFailed}) {
    if (!said.starts_with(word)) continue;
    said.remove_prefix(word.size());
    const auto space = std::min(said.find(' '), said.size());
    const int code = ParseNumber<int>(said.substr(0, space)).value_or(EIO);
    if (word != kFailed) return UseOutcome{code, word == kDenied};
    return Fail(code, std::string(said.substr(space + 1)));
  }
  for (const auto& [text, code] : {std::pair("Permission denied", EACCES),
                                   std::pair("not permitted", EPERM)}) {
    if (said.find(text) != std::string_view::npos) {
      return UseOutcome{code, true};
    }
  }
  const bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (said.empty() && (WIFSTOPPED(status) || ended_well)) return UseOutcome{};
  return Fail(EIO, "the process that uses the file failed: " +
                       std::string(said.substr(0, said.find('\n'))));
}

}  // namespace

Asker AskerOf(const Step& step) {
  return {.uid = step.uid,
          .gid = step.gid,
          .euid = step.euid.value_or(step.uid),
          .egid = step.egid.value_or(step.gid),
          .exe = step.exe,
          .container = step.container};
}

Result<UseOutcome> UseFile(const Asker& asker, int root_fd,
                           const std::string& path, Mask mask) {
  if (!asker.exe.empty() && mask != kMayRead) {
    return Fail(EINVAL, "with \"exe\", a file can only be read");
  }
  std::optional<ContainerGroup> group;
  if (!asker.container.empty()) {
    auto made = ContainerGroup::Make(asker.container);
    if (!made) return Fail(std::move(made).error());
    group.emplace(std::move(*made));
  }
  int pair[2] = {-1, -1};
  if (::pipe2(pair, O_CLOEXEC) != 0) return Fail(Error::FromErrno("pipe"));
  const UniqueFd from_child(pair[0]);
  UniqueFd to_parent(pair[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork"));
  if (child == 0) {
    RunChild({asker, root_fd, path, mask, group ? &*group : nullptr, parent},
             to_parent.get());
  }
  to_parent.Reset();
  const auto said = ReadReport(from_child.get());
  int status = 0;
  // Once it said all, it has ended, or is stopped, or is about to be.
  if (said) ::waitpid(child, &status, 0);
  if (!said || WIFSTOPPED(status)) KillChild(child);
  if (!said) return Fail(ETIMEDOUT, "the use of " + path + " takes too long");
  return Understand(*said, status);
}

}  // namespace assayfs
