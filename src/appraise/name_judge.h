// SPDX-License-Identifier: Apache-2.0
// NameJudge: judges what a mount shows of files that nobody opens.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <set>
#include <string>

#include "appraise/appraiser.h"
#include "appraise/bound_tree.h"
#include "appraise/list_store.h"
#include "appraise/use_facts.h"
#include "base/byte_reader.h"

namespace assayfs {

// For policies that bind attributes; all lists must be loaded, with theirs.
//
// fd: of the file that is spoken of; may be O_PATH; borrowed.
// Threads: safe. What would be denied, or not shown, may wait a second for
// lists that are on their way.
class NameJudge {
 public:
  // appraiser, lists, root_fd: borrowed, must outlive this. unbound: as for
  // BoundTree.
  NameJudge(Appraiser& appraiser, ListStore& lists, int root_fd,
            std::set<std::string> unbound)
      : appraiser_(appraiser),
        lists_(lists),
        tree_(root_fd, std::move(unbound)),
        facts_(root_fd) {}

  // Says whether symbolic links are judged at all.
  bool judges_links() const;

  // Says whether a symbolic link may be followed: it may not where a list gives
  // its path to a link with another target, or to a regular file. What no list
  // knows may, unless it has several names, of which only one is looked at.
  // name: the last one of the path that it was found under. asker: who wants to
  // follow it. Denials are counted and recorded.
  bool PermitsLink(int fd, const std::string& name, const std::string& target,
                   Use asker) const;

  // Returns the set-user-ID and set-group-ID bits in what fstat(2) says of a
  // regular file that no list gives to its path and, where owners are bound, to
  // its owner: they are not to be shown.
  mode_t UnlistedPrivileges(int fd, const struct stat& info) const;

  // Says whether a list gives these very capabilities to the path of a regular
  // file; else they are not to be shown. value: of the extended attribute.
  bool ShowsCapabilities(int fd, Bytes value) const;

 private:
  // Waits for lists that are on their way. Says whether others count then, so
  // that what was not found is to be looked for once more.
  bool MoreWasLoaded(const DigestIndex& since) const;
  // Returns what is wrong with the link, or nothing.
  std::string ProblemOf(int fd, const std::string& name,
                        const std::string& target) const;
  mode_t FindUnlisted(int fd, const struct stat& info,
                      const Binding& binding) const;
  bool FindCapabilities(int fd, const std::string& capabilities) const;

  Appraiser& appraiser_;
  ListStore& lists_;
  const BoundTree tree_;
  const UseFacts facts_;
};

}  // namespace assayfs
