// SPDX-License-Identifier: Apache-2.0
// Paths of open files, read from /proc/self/fd.
#include "appraise/tree_path.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/files.h"

namespace assayfs {
namespace {

std::string PathOf(int fd) {
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return {};
  return {path.data(), static_cast<std::size_t>(length)};
}

// Says whether path, seen from root_fd, leads to this file.
bool LeadsFrom(int root_fd, std::string_view path, const struct stat& file) {
  const auto there = OpenInRoot(root_fd, std::string(path), O_PATH | O_NOFOLLOW,
                                Links::kFollow);
  struct stat info {};
  return there && ::fstat(there->get(), &info) == 0 &&
         info.st_dev == file.st_dev && info.st_ino == file.st_ino;
}

// The path in the tree and, where that is another, on the system.
std::vector<std::string> BothSpellings(int root_fd, int fd) {
  std::vector<std::string> paths = {TreePath(root_fd, fd)};
  auto full = PathOf(fd);
  if (!full.empty() && full != paths.front()) {
    paths.push_back(std::move(full));
  }
  return paths;
}

}  // namespace

std::string TreePath(int root_fd, int fd) {
  std::string path = PathOf(fd);
  if (path.empty()) return "?";
  const std::string root = PathOf(root_fd);
  if (root == "/" || root.empty()) return path;
  if (path == root) return "/";
  if (path.starts_with(root + "/")) path.erase(0, root.size());
  return path;
}

std::vector<std::string> TreeSpellings(int root_fd, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  // By which of its names a file is used is not known: fd is of the first that
  // was looked up.
  if (!S_ISDIR(info.st_mode) && info.st_nlink != 1) return {};
  std::vector<std::string> spellings = BothSpellings(root_fd, fd);
  // The kernel gives a text for files that are removed, or that it found by a
  // handle and has no folder for, too.
  if (!LeadsFrom(root_fd, spellings.front(), info)) return {};
  return spellings;
}

std::vector<std::string> ListedSpellings(int root_fd, int fd) {
  return ListedSpellings(BothSpellings(root_fd, fd));
}

std::vector<std::string> ListedSpellings(std::vector<std::string> paths) {
  constexpr std::string_view kUsr = "/usr";
  for (std::size_t i = paths.size(); i > 0; --i) {
    if (paths[i - 1].starts_with("/usr/")) {
      paths.push_back(paths[i - 1].substr(kUsr.size()));
    }
  }
  return paths;
}

bool LeadsTo(int root_fd, std::string_view listed, int fd) {
  struct stat file {};
  // The rest of what follows a zero byte would not be looked at.
  const bool whole = listed.find('\0') == std::string_view::npos;
  if (listed.empty() || !whole || ::fstat(fd, &file) != 0) return false;
  if (LeadsFrom(root_fd, listed, file)) return true;
  const std::string root = PathOf(root_fd);
  for (const std::string& shown : {root, std::string("/usr")}) {
    if (shown == "/" || !root.ends_with(shown)) continue;
    if (listed.starts_with(shown + "/") &&
        LeadsFrom(root_fd, listed.substr(shown.size()), file)) {
      return true;
    }
  }
  return false;
}

}  // namespace assayfs
