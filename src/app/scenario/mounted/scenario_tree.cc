// SPDX-License-Identifier: Apache-2.0
// The tree of a scenario as files, and what is done to it.
#include "app/scenario/mounted/scenario_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

// The folder that something is in, and its name there.
struct Place {
  UniqueFd folder;
  std::string name;
};

Result<Place> FindPlace(int root_fd, const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string name =
      slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return Fail(EINVAL, path + ": not a place in a tree");
  }
  const std::string folder =
      slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
  auto fd = OpenInRoot(root_fd, folder, O_PATH | O_DIRECTORY, Links::kRefuse);
  if (!fd) return Fail(std::move(fd).error());
  return Place{std::move(*fd), name};
}

Result<void> Check(int returned, const std::string& path) {
  if (returned != 0) return Fail(Error::FromErrno(path));
  return {};
}

Result<void> MakeFoldersAbove(int root_fd, const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    const auto place = FindPlace(root_fd, folder);
    if (!place) return Fail(place.error());
    const char* const name = place->name.c_str();
    if (::mkdirat(place->folder.get(), name, 0755) == 0) {
      auto set = Check(::fchmodat(place->folder.get(), name, 0755, 0), folder);
      if (!set) return set;
    } else if (errno != EEXIST) {
      return Fail(Error::FromErrno(folder));
    }
  }
  return {};
}

Result<void> WriteNewFile(const Place& place, const std::string& content) {
  const UniqueFd fd(::openat(place.folder.get(), place.name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return Fail(Error::FromErrno("making it"));
  return WriteAll(fd.get(), AsBytes(content));
}

Result<void> MakeEntry(const Place& place, const TreeEntry& entry) {
  const int folder = place.folder.get();
  const char* const name = place.name.c_str();
  switch (entry.kind) {
    case TreeEntry::Kind::kLink:
      return Check(::symlinkat(entry.content.c_str(), folder, name), "linking");
    case TreeEntry::Kind::kFolder:
      return Check(::mkdirat(folder, name, 0755), "making the folder");
    default:
      return WriteNewFile(place, entry.content);
  }
}

Result<void> SetAttributes(const Place& place, const TreeEntry& entry) {
  const int folder = place.folder.get();
  const char* const name = place.name.c_str();
  // The owner first: with a new one, set-user-ID bits go.
  if (::fchownat(folder, name, entry.owner, entry.group, AT_SYMLINK_NOFOLLOW) !=
      0) {
    return Fail(Error::FromErrno("setting its owner"));
  }
  if (entry.kind == TreeEntry::Kind::kLink) return {};
  return Check(::fchmodat(folder, name, entry.mode, 0), "setting its mode");
}

Result<void> MakeEntryWithAttributes(const Place& place,
                                     const TreeEntry& entry) {
  auto made = MakeEntry(place, entry);
  return made ? SetAttributes(place, entry) : made;
}

}  // namespace

Result<void> MakeTree(int root_fd,
                      const std::map<std::string, TreeEntry>& tree) {
  for (const auto& [path, entry] : tree) {
    if (auto made = MakeFoldersAbove(root_fd, path); !made) return made;
    const auto place = FindPlace(root_fd, path);
    if (!place) return Fail(place.error());
    auto made = MakeEntryWithAttributes(*place, entry);
    if (!made) return Fail(std::move(made).error().WithContext(path));
  }
  return {};
}

Result<void> WriteTreeFile(int root_fd, const std::string& path,
                           const std::string& content) {
  const auto place = FindPlace(root_fd, path);
  if (!place) return Fail(place.error());
  const UniqueFd fd(::openat(place->folder.get(), place->name.c_str(),
                             O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) {
    return MakeEntryWithAttributes(*place, {.content = content});
  }
  if (!fd) return Fail(Error::FromErrno(path));
  auto written = WriteAll(fd.get(), AsBytes(content));
  if (!written) return Fail(std::move(written).error().WithContext(path));
  return {};
}

Result<void> RenameInTree(int root_fd, const std::string& from,
                          const std::string& to) {
  const auto source = FindPlace(root_fd, from);
  if (!source) return Fail(source.error());
  const auto target = FindPlace(root_fd, to);
  if (!target) return Fail(target.error());
  return Check(::renameat(source->folder.get(), source->name.c_str(),
                          target->folder.get(), target->name.c_str()),
               from + " to " + to);
}

Result<void> RemoveFromTree(int root_fd, const std::string& path) {
  const auto place = FindPlace(root_fd, path);
  if (!place) return Fail(place.error());
  const char* const name = place->name.c_str();
  if (::unlinkat(place->folder.get(), name, 0) == 0) return {};
  if (errno != EISDIR) return Fail(Error::FromErrno(path));
  return Check(::unlinkat(place->folder.get(), name, AT_REMOVEDIR), path);
}

Result<void> SetTreeOwner(int root_fd, const std::string& path, uid_t owner) {
  constexpr gid_t kSame = static_cast<gid_t>(-1);
  const auto place = FindPlace(root_fd, path);
  if (!place) return Fail(place.error());
  return Check(::fchownat(place->folder.get(), place->name.c_str(), owner,
                          kSame, AT_SYMLINK_NOFOLLOW),
               path);
}

}  // namespace assayfs
