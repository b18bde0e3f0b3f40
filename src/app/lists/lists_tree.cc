// SPDX-License-Identifier: Apache-2.0
// Going through the files of a folder, and hashing them.
#include "app/lists/lists_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

Result<std::string> RealPath(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  if (error) return Fail(error.value(), path + ": " + error.message());
  return real;
}

// Walks a tree by descriptors, so that nobody can lead it out of the tree.
class TreeWalker {
 public:
  TreeWalker(const WalkOptions& options, const FileVisitor& visit,
             std::size_t prefix_length, dev_t device)
      : options_(options),
        visit_(visit),
        prefix_length_(prefix_length),
        device_(device) {}

  Result<void> VisitFile(int fd, const std::string& path) {
    auto visited = visit_(fd, path.substr(prefix_length_));
    if (!visited) return Fail(std::move(visited).error().WithContext(path));
    return {};
  }

  Result<void> VisitFolder(int fd, const std::string& path) {
    const auto names = NamesIn(fd);
    if (!names) return Fail(Error(names.error()).WithContext(path));
    const std::string prefix = path == "/" ? path : path + "/";
    for (const std::string& name : *names) {
      auto visited = VisitEntry(fd, name, prefix + name);
      if (!visited) return visited;
    }
    return {};
  }

 private:
  Result<void> VisitEntry(int dir_fd, const std::string& name,
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
    return S_ISDIR(info.st_mode) ? VisitFolder(fd->get(), path)
                                 : VisitFile(fd->get(), path);
  }

  const WalkOptions& options_;
  const FileVisitor& visit_;
  std::size_t prefix_length_;
  dev_t device_;
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

Result<void> WalkTree(const std::string& path, const WalkOptions& options,
                      const FileVisitor& visit) {
  const auto real = RealPath(path);
  if (!real) return Fail(real.error());
  const auto prefix_length = PrefixLength(*real, options.root);
  if (!prefix_length) return Fail(prefix_length.error());
  const auto fd = OpenForReading(AT_FDCWD, *real, Links::kRefuse);
  if (!fd) return Fail(fd.error());
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return Fail(Error::FromErrno(*real));
  TreeWalker walker(options, visit, *prefix_length, info.st_dev);
  if (S_ISDIR(info.st_mode)) return walker.VisitFolder(fd->get(), *real);
  if (S_ISREG(info.st_mode)) return walker.VisitFile(fd->get(), *real);
  return Fail(EINVAL, *real + ": neither a file nor a folder");
}

Result<std::vector<ListedFile>> HashTree(const std::string& path,
                                         const TreeOptions& options) {
  std::vector<ListedFile> files;
  const auto hash = [&](int fd, const std::string& name) -> Result<void> {
    const auto made = HashFile(fd, {options.algorithm});
    if (!made) return Fail(made.error());
    files.push_back({made->digests.front(), name, std::nullopt});
    if (options.progress) options.progress(files.size());
    return {};
  };
  const auto walked = WalkTree(path, {options.root, options.left_out}, hash);
  if (!walked) return Fail(walked.error());
  std::ranges::stable_sort(files, {}, &ListedFile::path);
  return files;
}

}  // namespace assayfs
