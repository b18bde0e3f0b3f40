// SPDX-License-Identifier: Apache-2.0
// SimulatedTree: a tree of files in memory, that refuses what a kernel refuses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "app/scenario/scenario.h"
#include "base/result.h"
#include "policy/match.h"

namespace assayfs {

// Errors of all: the code that Linux has for it, with its message. Owners are
// root for what comes into being. Threads: one at a time.
class SimulatedTree {
 public:
  struct File {
    TreeEntry entry;
    // Another one after each change, of the name too; no two files have one.
    std::uint64_t version = 0;
  };
  // Who uses a file; has no other groups, and all rights if it is 0.
  struct User {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  enum class Access { kWritable, kReadOnly };

  // entries: as in a scenario; folders above them are added.
  // access: of the mount through which the tree is seen.
  SimulatedTree(const std::map<std::string, TreeEntry>& entries, Access access);

  // Says whether the link at a path, which is its own, may be followed.
  using LinkJudge = std::function<bool(const std::string& path)>;

  // Opens a file as a mount without a policy would, except for links. They are
  // followed, and lead nowhere out of the tree. Returns the path of the file
  // itself. may_follow: null if all links may be followed.
  // Errors: ENOENT, ENOTDIR, ELOOP, EACCES, EISDIR, EROFS.
  Result<std::string> Open(const std::string& path, Mask mask, User user,
                           const LinkJudge& may_follow = {}) const;
  // Says whether path, through links in all but its last name, is that of the
  // file whose own path is real.
  bool IsAt(const std::string& path, const std::string& real) const;
  // path: as Open returned it.
  const File& at(const std::string& path) const { return files_.at(path); }

  // Replaces content. path: as Open returned it.
  void SetContent(const std::string& path, const std::string& content);

  // The same below the mount; a file that is not there comes into being, with
  // mode 0644. Errors: ENOENT, ENOTDIR, ELOOP for a link anywhere, EISDIR.
  Result<void> ChangeContent(const std::string& path,
                             const std::string& content);
  // Below the mount; takes set-user-ID bits away as chown(2) does, and does not
  // follow a link. Errors: ENOENT, ENOTDIR, ELOOP.
  Result<void> SetOwner(const std::string& path, uid_t owner);

  // Through the mount, by root, as rename(2). Errors: ENOENT, ENOTDIR, ELOOP
  // for a link on the way, EROFS, EINVAL, EISDIR, ENOTEMPTY.
  Result<void> Rename(const std::string& from, const std::string& to);
  // Removes a file, a link or an empty folder, likewise.
  Result<void> Remove(const std::string& path);

 private:
  const File* Find(const std::string& path) const;
  bool HasMembers(const std::string& folder) const;
  Result<std::string> Follow(const std::string& path, User user,
                             const LinkJudge& may_follow) const;
  Result<void> CheckFolderOf(const std::string& path) const;
  Result<void> CheckRename(const std::string& from,
                           const std::string& to) const;

  std::map<std::string, File> files_;  // "" is the root
  const Access access_;
  std::uint64_t last_version_ = 0;
};

}  // namespace assayfs
