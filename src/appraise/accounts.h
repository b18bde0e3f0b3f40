// SPDX-License-Identifier: Apache-2.0
// Accounts: the users and the groups of a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace assayfs {

// Names and numbers as etc/passwd or etc/group of a tree has them.
// Threads: immutable.
class Accounts {
 public:
  Accounts() = default;
  // text: lines NAME:PASSWORD:NUMBER and more, as passwd(5) and group(5) have
  // them. Others are left out. Of equal names, and of equal numbers, the first
  // counts.
  explicit Accounts(std::string_view text);

  // Says whether the name stands for the number, or the number for the name:
  // one of the two is enough for rpm, and so it is here. "root" is 0 and
  // nothing else, and 0 is "root", whatever the text says.
  bool Match(std::string_view name, std::uint32_t number) const;

 private:
  void AddLine(std::string_view line);

  std::unordered_map<std::string, std::uint32_t> numbers_ = {{"root", 0}};
  std::unordered_map<std::uint32_t, std::string> names_ = {{0, "root"}};
};

// The accounts of a tree.
struct Owners {
  Accounts users;
  Accounts groups;
};

// Reads etc/passwd and etc/group of a tree; one that is missing is empty.
// root_fd: an O_PATH descriptor of the tree's root; borrowed.
// Errors: EFBIG for one over 16 MiB, EINVAL for one that is no regular file,
// those of open(2) and read(2).
Result<Owners> ReadOwners(int root_fd);

}  // namespace assayfs
