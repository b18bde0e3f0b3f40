// SPDX-License-Identifier: Apache-2.0
// BoundTree: whether files are, beside their content, what lists say.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "appraise/accounts.h"
#include "appraise/digest_index.h"
#include "appraise/tree_owners.h"
#include "appraise/tree_path.h"
#include "lists/packed_attributes.h"
#include "policy/policy.h"

namespace assayfs {

// What of a file is held against a list.
struct FoundAttributes {
  struct stat info {};
  // As CapabilitiesOf gives them; nothing: could not be read.
  std::optional<std::string> capabilities;
  bool has_acl = false;  // which says more than the mode
};

// Returns in words what of a file is not as binding has it to be; nothing if
// all of it is. What the list says is not to be verified may differ, but for
// set-user-ID and set-group-ID bits, capabilities, and the owner of a file with
// such bits: these must be as listed, and there must be none that is not.
// listed: null for a list that says nothing. Threads: pure function.
std::string DifferenceOf(const ListedAttributes* listed,
                         const FoundAttributes& found, const Binding& binding,
                         const Owners& owners);

// Threads: safe. Looks at the tree as it is now.
class BoundTree {
 public:
  // root_fd: an O_PATH descriptor of the tree's root; borrowed. unbound: names
  // of packages that were relocated.
  BoundTree(int root_fd, std::set<std::string> unbound)
      : root_fd_(root_fd), unbound_(std::move(unbound)), owners_(root_fd) {}

  // See TreePath.
  std::string PathOf(int fd) const { return TreePath(root_fd_, fd); }

  // Says whether path, as a list has it, is one of the file behind fd; see
  // LeadsTo.
  bool IsAt(std::string_view path, int fd) const {
    return LeadsTo(root_fd_, path, fd);
  }

  // The same, or true for a list whose package may be anywhere.
  bool IsPlaceOf(const LoadedList& list, std::string_view path, int fd) const;

  // See TreeOwners.
  Result<std::shared_ptr<const Owners>> CurrentOwners() const {
    return owners_.Current();
  }

  struct Agreement {
    bool in_place = true;
    bool attributes_hold = true;
    std::string detail;  // what is not as it should be, for people
    mode_t mode = 0;     // st_mode as it was compared, if something is bound
  };
  // Says whether one of the entries that count agrees with the file behind fd
  // in all that is bound; if there are none, it does not disagree. fd: open for
  // reading; borrowed. known: all with the content of the file.
  Agreement Compare(int fd, const Binding& binding,
                    const std::vector<DigestIndex::Entry>& known) const;

 private:
  struct Found {
    FoundAttributes attributes;
    std::shared_ptr<const Owners> owners;
  };
  // What binding needs to know of a file.
  Result<Found> Find(int fd, const Binding& binding) const;

  int root_fd_;
  std::set<std::string> unbound_;
  TreeOwners owners_;
};

}  // namespace assayfs
