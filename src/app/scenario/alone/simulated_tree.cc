// SPDX-License-Identifier: Apache-2.0
// SimulatedTree: a tree of files in memory, that refuses what a kernel refuses.
#include "app/scenario/alone/simulated_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace assayfs {
namespace {

using Kind = TreeEntry::Kind;

// How many links one path may lead through. Source: path_resolution(7).
constexpr unsigned kMaxLinks = 40;
constexpr mode_t kRead = 4;
constexpr mode_t kWrite = 2;
constexpr mode_t kExecute = 1;

tl::unexpected<Error> Refuse(int code) {
  return Fail(code, std::generic_category().message(code));
}

// Puts the names of a path, the last first, on top of what is to be walked.
void Push(const std::string& path, std::vector<std::string>& names) {
  for (std::size_t end = path.size();;) {
    const auto slash = end == 0 ? path.npos : path.rfind('/', end - 1);
    const std::size_t begin = slash == path.npos ? 0 : slash + 1;
    // A slash in the end says that a folder must be there.
    const bool last = end == path.size();
    if (begin < end) {
      names.push_back(path.substr(begin, end - begin));
    } else if (last) {
      names.emplace_back();
    }
    if (slash == path.npos) return;
    end = slash;
  }
}

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.empty() ? 0 : path.rfind('/'));
}

bool IsBelow(const std::string& folder, const std::string& path) {
  return path.starts_with(folder + "/");
}

bool Grants(const TreeEntry& entry, SimulatedTree::User user, mode_t wanted) {
  if (user.uid == 0) {
    // To root, too, a file is a program only if it is one to somebody.
    return (wanted & kExecute) == 0 || entry.kind == Kind::kFolder ||
           (entry.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  }
  const unsigned shift = entry.owner == user.uid   ? 6
                         : entry.group == user.gid ? 3
                                                   : 0;
  return ((entry.mode >> shift) & wanted) == wanted;
}

mode_t BitsFor(Mask mask) {
  return ((mask & kMayRead) != 0 ? kRead : 0) |
         ((mask & (kMayWrite | kMayAppend)) != 0 ? kWrite : 0) |
         ((mask & kMayExec) != 0 ? kExecute : 0);
}

}  // namespace

SimulatedTree::SimulatedTree(const std::map<std::string, TreeEntry>& entries,
                             Access access)
    : access_(access) {
  const File folder{{.kind = Kind::kFolder, .content = {}, .mode = 0755}};
  files_.emplace("", folder);
  for (const auto& [path, entry] : entries) {
    for (auto end = path.find('/', 1); end != path.npos;
         end = path.find('/', end + 1)) {
      files_.emplace(path.substr(0, end), folder);
    }
    files_.insert_or_assign(path, File{entry, ++last_version_});
  }
}

const SimulatedTree::File* SimulatedTree::Find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

bool SimulatedTree::HasMembers(const std::string& folder) const {
  const auto next = files_.lower_bound(folder + "/");
  return next != files_.end() && IsBelow(folder, next->first);
}

Result<std::string> SimulatedTree::Follow(const std::string& path, User user,
                                          const LinkJudge& may_follow) const {
  std::vector<std::string> names;
  Push(path, names);
  std::string at;
  for (unsigned links = 0; !names.empty();) {
    const std::string name = std::move(names.back());
    names.pop_back();
    const File& folder = files_.at(at);
    if (folder.entry.kind != Kind::kFolder) return Refuse(ENOTDIR);
    if (name.empty()) continue;
    if (!Grants(folder.entry, user, kExecute)) return Refuse(EACCES);
    if (name == ".") continue;
    if (name == "..") {
      at = FolderOf(at);
      continue;
    }
    std::string next = at;
    next.append("/").append(name);
    const File* const file = Find(next);
    if (file == nullptr) return Refuse(ENOENT);
    if (file->entry.kind != Kind::kLink) {
      at = next;
      continue;
    }
    if (++links > kMaxLinks) return Refuse(ELOOP);
    if (may_follow && !may_follow(next)) return Refuse(EACCES);
    if (file->entry.content.starts_with('/')) at.clear();
    Push(file->entry.content, names);
  }
  return at;
}

bool SimulatedTree::IsAt(const std::string& path,
                         const std::string& real) const {
  const std::string above = FolderOf(path);
  const auto folder = Follow(above, {}, {});
  return folder && *folder + path.substr(above.size()) == real;
}

Result<std::string> SimulatedTree::Open(const std::string& path, Mask mask,
                                        User user,
                                        const LinkJudge& may_follow) const {
  auto real = Follow(path, user, may_follow);
  if (!real) return real;
  const TreeEntry& entry = files_.at(*real).entry;
  const mode_t wanted = BitsFor(mask);
  const bool folder = entry.kind == Kind::kFolder;
  if (folder && (wanted & kWrite) != 0) return Refuse(EISDIR);
  if (folder && (wanted & kExecute) != 0) return Refuse(EACCES);
  if ((wanted & kWrite) != 0 && access_ == Access::kReadOnly) {
    return Refuse(EROFS);
  }
  if (!Grants(entry, user, wanted)) return Refuse(EACCES);
  if (folder) return Refuse(EISDIR);
  return real;
}

void SimulatedTree::SetContent(const std::string& path,
                               const std::string& content) {
  File& file = files_.at(path);
  file.entry.content = content;
  file.version = ++last_version_;
}

// No link is followed in changes: the folder must be there as it is named.
Result<void> SimulatedTree::CheckFolderOf(const std::string& path) const {
  const std::string folder = FolderOf(path);
  for (std::size_t end = 0; end < folder.size();) {
    end = std::min(folder.find('/', end + 1), folder.size());
    const File* const file = Find(folder.substr(0, end));
    if (file == nullptr) return Refuse(ENOENT);
    if (file->entry.kind == Kind::kLink) return Refuse(ELOOP);
    if (file->entry.kind != Kind::kFolder) return Refuse(ENOTDIR);
  }
  return {};
}

Result<void> SimulatedTree::ChangeContent(const std::string& path,
                                          const std::string& content) {
  if (auto there = CheckFolderOf(path); !there) return there;
  const File* const file = Find(path);
  if (file == nullptr) {
    files_.emplace(path, File{});
  } else if (file->entry.kind != Kind::kFile) {
    return Refuse(file->entry.kind == Kind::kLink ? ELOOP : EISDIR);
  }
  SetContent(path, content);
  return {};
}

Result<void> SimulatedTree::SetOwner(const std::string& path, uid_t owner) {
  if (auto there = CheckFolderOf(path); !there) return there;
  if (Find(path) == nullptr) return Refuse(ENOENT);
  File& file = files_.at(path);
  file.version = ++last_version_;
  TreeEntry& entry = file.entry;
  entry.owner = owner;
  if (entry.kind != Kind::kFile) return {};
  entry.mode &= ~static_cast<mode_t>(S_ISUID);
  if ((entry.mode & S_IXGRP) != 0) entry.mode &= ~static_cast<mode_t>(S_ISGID);
  return {};
}

Result<void> SimulatedTree::CheckRename(const std::string& from,
                                        const std::string& to) const {
  for (const std::string& path : {from, to}) {
    if (auto there = CheckFolderOf(path); !there) return there;
  }
  if (access_ == Access::kReadOnly) return Refuse(EROFS);
  const File* const source = Find(from);
  const File* const target = Find(to);
  if (source == nullptr) return Refuse(ENOENT);
  if (IsBelow(from, to)) return Refuse(EINVAL);
  if (IsBelow(to, from)) return Refuse(ENOTEMPTY);
  if (target == nullptr || from == to) return {};
  const bool folder = source->entry.kind == Kind::kFolder;
  const bool onto_folder = target->entry.kind == Kind::kFolder;
  if (folder != onto_folder) return Refuse(folder ? ENOTDIR : EISDIR);
  if (folder && HasMembers(to)) return Refuse(ENOTEMPTY);
  return {};
}

Result<void> SimulatedTree::Rename(const std::string& from,
                                   const std::string& to) {
  auto possible = CheckRename(from, to);
  if (!possible || from == to) return possible;
  std::map<std::string, File> moved;
  for (auto file = files_.begin(); file != files_.end();) {
    if (file->first != from && !IsBelow(from, file->first)) {
      ++file;
      continue;
    }
    moved.emplace(to + file->first.substr(from.size()),
                  std::move(file->second));
    file = files_.erase(file);
  }
  for (auto& [path, file] : moved) {
    files_.insert_or_assign(path, std::move(file));
  }
  files_.at(to).version = ++last_version_;
  return {};
}

Result<void> SimulatedTree::Remove(const std::string& path) {
  if (auto there = CheckFolderOf(path); !there) return there;
  if (access_ == Access::kReadOnly) return Refuse(EROFS);
  if (Find(path) == nullptr) return Refuse(ENOENT);
  if (HasMembers(path)) return Refuse(ENOTEMPTY);
  files_.erase(path);
  return {};
}

}  // namespace assayfs
