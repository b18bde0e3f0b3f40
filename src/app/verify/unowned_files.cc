// SPDX-License-Identifier: Apache-2.0
// What stands in a tree and belongs to no package.
#include "app/verify/unowned_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <compare>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/files.h"

namespace assayfs {
namespace {

// A folder whatever it is called.
struct FolderId {
  dev_t device = 0;
  ino_t inode = 0;

  friend auto operator<=>(const FolderId&, const FolderId&) = default;
};

struct Name {
  FolderId folder;
  std::string_view name;  // borrowed from a package

  friend auto operator<=>(const Name&, const Name&) = default;
};

Result<FolderId> IdOf(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(Error::FromErrno("fstat"));
  return FolderId{info.st_dev, info.st_ino};
}

// Where each folder of the packages is in the tree; those that are not there
// are left out.
class Folders {
 public:
  explicit Folders(int root_fd) : root_fd_(root_fd) {}

  std::optional<FolderId> Find(std::string_view path) {
    const auto known = ids_.find(path);
    if (known != ids_.end()) return known->second;
    const auto fd = OpenInRoot(root_fd_, std::string(path),
                               O_PATH | O_DIRECTORY, Links::kFollow);
    std::optional<FolderId> id;
    if (fd) {
      if (const auto found = IdOf(fd->get())) id = *found;
    }
    ids_.emplace(path, id);
    return id;
  }

 private:
  int root_fd_;
  std::unordered_map<std::string_view, std::optional<FolderId>> ids_;
};

// Returns the names that packages own, sorted.
std::vector<Name> OwnedNames(int root_fd,
                             const std::vector<RpmPackageFiles>& packages) {
  Folders folders(root_fd);
  std::vector<Name> names;
  for (const RpmPackageFiles& package : packages) {
    for (const RpmFileMetadata& file : package.files) {
      const std::string_view path = file.path;
      const auto slash = path.rfind('/');
      if (slash == std::string_view::npos) continue;
      const auto folder = folders.Find(path.substr(0, slash + 1));
      if (folder) names.push_back({*folder, path.substr(slash + 1)});
    }
  }
  std::ranges::sort(names);
  return names;
}

// Walks with one open folder at a time, however deep the tree is.
class Walk {
 public:
  Walk(int root_fd, std::vector<Name> owned)
      : root_fd_(root_fd), owned_(std::move(owned)) {}

  Result<UnownedFiles> Run() {
    const auto added = AddFolder("/");
    if (!added) return Fail(added.error());
    while (!waiting_.empty()) {
      const std::string path = std::move(waiting_.back());
      waiting_.pop_back();
      const auto folder = AddFolder(path);
      if (folder) continue;
      const int code = folder.error().code();
      all_.left_out.emplace_back(
          path, "left out: " + std::generic_category().message(code));
      all_.complete = false;
    }
    std::ranges::sort(all_.paths);
    std::ranges::sort(all_.left_out);
    return std::move(all_);
  }

 private:
  // path: with a "/" at its end.
  Result<void> AddFolder(const std::string& path) {
    auto fd =
        OpenInRoot(root_fd_, path, O_RDONLY | O_DIRECTORY, Links::kRefuse);
    if (!fd) return Fail(fd.error());
    const auto id = IdOf(fd->get());
    if (!id) return Fail(id.error());
    if (path == "/") device_ = id->device;
    if (id->device != device_) {
      all_.left_out.emplace_back(path, "left out: on another file system");
      return {};
    }
    const auto names = NamesIn(fd->get());
    if (!names) return Fail(names.error());
    for (const std::string& name : *names) AddEntry(fd->get(), *id, path, name);
    return {};
  }

  void AddEntry(int folder_fd, FolderId folder, const std::string& folder_path,
                const std::string& name) {
    const std::string path = folder_path + name;
    if (!std::ranges::binary_search(owned_, Name{folder, name})) {
      all_.paths.push_back(path);
    }
    struct stat info {};
    const bool is_folder =
        ::fstatat(folder_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(info.st_mode);
    if (is_folder) waiting_.push_back(path + "/");
  }

  int root_fd_;
  std::vector<Name> owned_;
  dev_t device_ = 0;
  std::vector<std::string> waiting_;
  UnownedFiles all_;
};

}  // namespace

Result<UnownedFiles> FindUnowned(int root_fd,
                                 const std::vector<RpmPackageFiles>& packages) {
  return Walk(root_fd, OwnedNames(root_fd, packages)).Run();
}

}  // namespace assayfs
