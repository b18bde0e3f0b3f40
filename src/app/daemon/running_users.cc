// SPDX-License-Identifier: Apache-2.0
// Which processes use files of a mount, from /proc.
#include "app/daemon/running_users.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "app/settings/mount_table.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/numbers.h"

namespace assayfs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxProcBytes = std::size_t{64} << 20;

// Empty if the process is gone, or not ours to look into.
std::string ReadText(const std::string& path) {
  const auto bytes = ReadFileAt(AT_FDCWD, path, kMaxProcBytes);
  return bytes ? std::string(AsText(*bytes)) : std::string();
}

// Empty if it is gone.
std::vector<std::string> NamesInProc(const std::string& folder) {
  return NamesIn(folder).value_or(std::vector<std::string>());
}

// "0:52" for "00:34": maps has hexadecimal digits.
std::string DecimalDevice(std::string_view hex) {
  const auto colon = hex.find(':');
  if (colon == std::string_view::npos) return {};
  const auto major = ParseNumber<unsigned>(hex.substr(0, colon), 16);
  const auto minor = ParseNumber<unsigned>(hex.substr(colon + 1), 16);
  if (!major || !minor) return {};
  return std::to_string(*major) + ":" + std::to_string(*minor);
}

// Files that a process uses, with the path of each as it sees it.
using Files = std::map<ino_t, std::string>;

// Adds the files that the process has mapped. A line of maps, see proc(5):
//   ADDRESS PERMISSIONS OFFSET DEVICE INODE PATH
void AddMapped(const std::string& process, const std::string& device,
               Files& files) {
  std::istringstream lines(ReadText(process + "/maps"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skipped;
    std::string hex;
    ino_t inode = 0;
    words >> skipped >> skipped >> skipped >> hex >> inode >> std::ws;
    if (!words || DecimalDevice(hex) != device) continue;
    std::string path;
    std::getline(words, path);
    files.emplace(inode, std::move(path));
  }
}

// Adds the files that the process has open: fdinfo names mount and inode.
void AddOpen(const std::string& process, const std::string& device,
             Files& files) {
  std::set<std::uint64_t> mounts;
  const std::string table = ReadText(process + "/mountinfo");
  for (const MountEntry& mount : ParseMountTable(table)) {
    if (mount.device == device) mounts.insert(mount.id);
  }
  if (mounts.empty()) return;
  for (const std::string& name : NamesInProc(process + "/fdinfo")) {
    std::string info = process;
    std::istringstream words(ReadText(info.append("/fdinfo/").append(name)));
    std::uint64_t mount = 0;
    ino_t inode = 0;
    for (std::string word; words >> word;) {
      if (word == "mnt_id:") words >> mount;
      if (word == "ino:") words >> inode;
    }
    if (!mounts.contains(mount)) continue;
    std::error_code ignored;
    std::string link = process;
    files.emplace(inode,
                  fs::read_symlink(link.append("/fd/").append(name), ignored));
  }
}

}  // namespace

std::vector<RunningUser> FindRunningUsers(const std::string& device,
                                          const std::set<ino_t>& inodes) {
  std::vector<RunningUser> users;
  if (device.empty()) return users;
  for (const std::string& name : NamesInProc("/proc")) {
    const auto pid = ParseNumber<pid_t>(name);
    if (!pid) continue;
    const std::string process = "/proc/" + name;
    Files files;
    AddMapped(process, device, files);
    AddOpen(process, device, files);
    for (auto& [inode, path] : files) {
      if (!inodes.contains(inode)) continue;
      std::string command = ReadText(process + "/comm");
      if (command.ends_with('\n')) command.pop_back();
      users.push_back({*pid, std::move(command), std::move(path)});
    }
  }
  std::ranges::sort(users, {}, &RunningUser::pid);
  return users;
}

}  // namespace assayfs
