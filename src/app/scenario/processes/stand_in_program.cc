// SPDX-License-Identifier: Apache-2.0
// A program at any path, for rules that ask for the asker's program.
#include "app/scenario/processes/stand_in_program.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "app/run/execute.h"
#include "app/settings/mount_table.h"
#include "base/files.h"

namespace assayfs {
namespace {

constexpr char kCat[] = "/bin/cat";
constexpr std::size_t kMaxProgramBytes = std::size_t{64} << 20;

Error Impossible(const std::string& path, const std::string& why) {
  return {EINVAL, "no program can be put at " + path + ": " + why};
}

// Returns the lowest folder above path that is there.
Result<std::string> FolderToCover(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = fs::path(path).parent_path();
  while (!fs::exists(fs::symlink_status(folder, error))) {
    folder = folder.parent_path();
  }
  for (const char* kept : {"/proc", "/dev", "/sys"}) {
    if (!IsWithin(kept, folder.string())) continue;
    return Fail(Impossible(path, std::string(kept) + " has to stay"));
  }
  if (folder == "/") {
    return Fail(Impossible(path, "the first folder of it is not there"));
  }
  if (fs::canonical(folder, error) != folder || !fs::is_directory(folder)) {
    return Fail(Impossible(path, "there is a link on its way"));
  }
  return folder.string();
}

Result<void> WriteProgram(const std::string& path, Bytes bytes) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(),
                                      error);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
  if (!fd || ::fchmod(fd.get(), 0755) != 0) {
    return Fail(Error::FromErrno(path));
  }
  return WriteAll(fd.get(), bytes);
}

}  // namespace

Result<void> PutStandIn(const std::string& path) {
  const auto folder = FolderToCover(path);
  if (!folder) return Fail(folder.error());
  const auto program = ReadFileAt(AT_FDCWD, kCat, kMaxProgramBytes);
  if (!program) return Fail(program.error());
  if (::unshare(CLONE_NEWNS) != 0) return Fail(Error::FromErrno("unshare"));
  if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return Fail(Error::FromErrno("making mounts private"));
  }
  // Users of all ids must find the program.
  ::umask(022);
  if (::mount("tmpfs", folder->c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
              "mode=755") != 0) {
    return Fail(Error::FromErrno("covering " + *folder));
  }
  return WriteProgram(path, *program);
}

Error BecomeStandIn(const std::string& path, const std::string& file) {
  std::vector<std::string> words = {"cat", file};
  std::vector<std::string> environment = {"LC_ALL=C"};
  ::execve(path.c_str(), Pointers(words).data(), Pointers(environment).data());
  // Which is also said of a program whose libraries are not found.
  if (errno == ENOENT) return Impossible(path, "what it needs is covered");
  return Error::FromErrno(path);
}

}  // namespace assayfs
