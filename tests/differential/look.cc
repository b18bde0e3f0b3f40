// SPDX-License-Identifier: Apache-2.0
// All that can be seen of a tree.
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"

namespace assayfs::differential {
namespace {

struct Entry {
  std::string name;
  unsigned type;
  ino_t inode;
};

std::vector<Entry> List(const std::string& path) {
  std::vector<Entry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()),
                                                   ::closedir);
  if (!folder) return {{"unreadable: " + ErrnoName(errno), 0, 0}};
  while (const dirent* entry = ::readdir(folder.get())) {
    entries.push_back({entry->d_name, entry->d_type, entry->d_ino});
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

// Returns the content, with its pages of zeros left out: whether those are
// holes is asked by calls of their own.
std::string Data(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME));
  if (!file) return "unreadable: " + ErrnoName(errno);
  std::string all;
  std::string page(4096, '\0');
  off_t offset = 0;
  while ((offset = ::lseek(file.get(), offset, SEEK_DATA)) >= 0) {
    const off_t end = ::lseek(file.get(), offset, SEEK_HOLE);
    for (offset &= ~off_t{4095}; offset < end; offset += 4096) {
      const ssize_t count =
          ::pread(file.get(), page.data(), page.size(), offset);
      if (count < 0) return "unreadable: " + ErrnoName(errno);
      const std::string_view read(page.data(), static_cast<std::size_t>(count));
      if (read.find_first_not_of('\0') == std::string_view::npos) continue;
      all += std::to_string(offset) + ":";
      all += read;
    }
  }
  return Content(all);
}

class Tree {
 public:
  explicit Tree(Blocks blocks) : blocks_(blocks) {}

  void Walk(const std::string& path, const std::string& shown) {
    for (const Entry& entry : List(path)) Add(path, shown, entry);
  }

  std::vector<std::string> TakeLines() { return std::move(lines_); }

 private:
  void Add(const std::string& folder, const std::string& shown,
           const Entry& entry) {
    if (entry.name == "..") return;
    const std::string path = folder + "/" + entry.name;
    std::string line = shown + Quoted(entry.name);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      lines_.push_back(line + " no stat: " + ErrnoName(errno));
      return;
    }
    line += " " + Attributes(info, blocks_) + " in its folder as " +
            std::to_string(entry.type);
    if (entry.inode != info.st_ino) line += " under another inode";
    const auto number =
        numbers_.try_emplace(info.st_ino, numbers_.size()).first->second;
    line += " file " + std::to_string(number);
    line += " xattrs " + Xattrs(path);
    if (S_ISLNK(info.st_mode)) {
      std::array<char, PATH_MAX> target{};
      const ssize_t length =
          ::readlink(path.c_str(), target.data(), target.size());
      line += " to " +
              Content({target.data(),
                       static_cast<std::size_t>(std::max(length, ssize_t{}))});
    }
    if (S_ISREG(info.st_mode)) line += " holds " + Data(path);
    lines_.push_back(std::move(line));
    if (S_ISDIR(info.st_mode) && entry.name != ".") {
      Walk(path, shown + Quoted(entry.name) + "/");
    }
  }

  Blocks blocks_;
  std::map<ino_t, std::size_t> numbers_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string Xattrs(const std::string& path) {
  std::string names(4096, '\0');
  const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
  if (length < 0) return ErrnoName(errno);
  names.resize(static_cast<std::size_t>(length));
  std::vector<std::string> found;
  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    std::string value(70'000, '\0');
    const ssize_t size =
        ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (size >= 0) value.resize(static_cast<std::size_t>(size));
    found.push_back(Quoted(name) + "=" +
                    (size < 0 ? ErrnoName(errno) : Content(value)));
  }
  std::ranges::sort(found);
  std::string text = "[";
  for (const std::string& one : found) text += one + " ";
  return text + "]";
}

std::vector<std::string> LookAtTree(const std::string& folder, Blocks blocks) {
  Tree tree(blocks);
  tree.Walk(folder, "");
  return tree.TakeLines();
}

}  // namespace assayfs::differential
