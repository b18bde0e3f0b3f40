// SPDX-License-Identifier: Apache-2.0
// Hashing the files of a folder.
#include "app/lists/lists_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Result<std::string> RealPath(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  if (error) return Fail(error.value(), path + ": " + error.message());
  return real;
}

// Returns the names in the folder behind fd, sorted by bytes. The descriptor
// stays the caller's.
Result<std::vector<std::string>> NamesIn(int fd) {
  const int own = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return Fail(Error::FromErrno("open"));
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(own));
  if (dir == nullptr) {
    const UniqueFd closed(own);
    return Fail(Error::FromErrno("fdopendir"));
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return Fail(Error::FromErrno("readdir"));
  std::sort(names.begin(), names.end());
  return names;
}

// Walks a tree by descriptors, so that nobody can lead it out of the tree.
class TreeHasher {
 public:
  TreeHasher(const TreeOptions& options, std::size_t prefix_length,
             dev_t device)
      : options_(options), prefix_length_(prefix_length), device_(device) {}

  Result<void> AddFile(int fd, const std::string& path) {
    auto hash = HashFile(fd, {options_.algorithm});
    if (!hash) return Fail(std::move(hash).error().WithContext(path));
    files_.push_back(
        {hash->digests.front(), path.substr(prefix_length_), std::nullopt});
    if (options_.progress) options_.progress(files_.size());
    return {};
  }

  Result<void> AddFolder(int fd, const std::string& path) {
    const auto names = NamesIn(fd);
    if (!names) return Fail(Error(names.error()).WithContext(path));
    const std::string prefix = path == "/" ? path : path + "/";
    for (const std::string& name : *names) {
      auto added = AddEntry(fd, name, prefix + name);
      if (!added) return added;
    }
    return {};
  }

  std::vector<ListedFile> TakeSorted() {
    std::stable_sort(files_.begin(), files_.end(),
                     [](const auto& left, const auto& right) {
                       return left.path < right.path;
                     });
    return std::move(files_);
  }

 private:
  Result<void> AddEntry(int dir_fd, const std::string& name,
                        const std::string& path) {
    struct stat info {};
    if (::fstatat(dir_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return Fail(Error::FromErrno(path));
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return {};
    if (S_ISDIR(info.st_mode) && info.st_dev != device_) {
      if (options_.left_out) options_.left_out(path);
      return {};
    }
    const auto fd = OpenForReading(dir_fd, name, Links::kRefuse);
    if (!fd) {
      const int code = fd.error().code();
      return Fail(code, path + ": " + std::generic_category().message(code));
    }
    return S_ISDIR(info.st_mode) ? AddFolder(fd->get(), path)
                                 : AddFile(fd->get(), path);
  }

  const TreeOptions& options_;
  std::size_t prefix_length_;
  dev_t device_;
  std::vector<ListedFile> files_;
};

// Returns how many bytes to take off the front of paths below root.
Result<std::size_t> PrefixLength(const std::string& path,
                                 const std::string& root) {
  if (root.empty()) return std::size_t{0};
  const auto real = RealPath(root);
  if (!real) return Fail(real.error());
  if (*real == "/") return std::size_t{0};
  if (path != *real && !path.starts_with(*real + "/")) {
    return Fail(EINVAL, path + ": not below " + *real);
  }
  return real->size();
}

}  // namespace

Result<std::vector<ListedFile>> HashTree(const std::string& path,
                                         const TreeOptions& options) {
  const auto real = RealPath(path);
  if (!real) return Fail(real.error());
  const auto prefix_length = PrefixLength(*real, options.root);
  if (!prefix_length) return Fail(prefix_length.error());
  const auto fd = OpenForReading(AT_FDCWD, *real, Links::kRefuse);
  if (!fd) return Fail(fd.error());
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return Fail(Error::FromErrno(*real));
  TreeHasher hasher(options, *prefix_length, info.st_dev);
  Result<void> added = Fail(EINVAL, *real + ": neither a file nor a folder");
  if (S_ISDIR(info.st_mode)) added = hasher.AddFolder(fd->get(), *real);
  if (S_ISREG(info.st_mode)) added = hasher.AddFile(fd->get(), *real);
  if (!added) return Fail(added.error());
  return hasher.TakeSorted();
}

}  // namespace assayfs
