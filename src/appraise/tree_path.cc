// SPDX-License-Identifier: Apache-2.0
// Paths of open files, read from /proc/self/fd.
#include "appraise/tree_path.h"

#include <limits.h>
#include <unistd.h>

#include <array>

namespace assayfs {
namespace {

std::string PathOf(int fd) {
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return {};
  return {path.data(), static_cast<std::size_t>(length)};
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

std::vector<std::string> ListedSpellings(int root_fd, int fd) {
  constexpr std::string_view kUsr = "/usr";
  std::vector<std::string> spellings = {TreePath(root_fd, fd)};
  if (auto full = PathOf(fd); full != spellings.front()) {
    spellings.push_back(std::move(full));
  }
  for (std::size_t i = spellings.size(); i > 0; --i) {
    if (spellings[i - 1].starts_with("/usr/")) {
      spellings.push_back(spellings[i - 1].substr(kUsr.size()));
    }
  }
  return spellings;
}

}  // namespace assayfs
