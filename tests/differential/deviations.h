// SPDX-License-Identifier: Apache-2.0
// Where a FUSE file system cannot be as the bare one: each deviation by name,
// as narrow as it can be told. assayfs(8) lists them.
#pragma once

#include <string_view>

namespace assayfs::differential {

// What may differ in a lane, or in the tree that lanes leave behind.
class Deviations {
 public:
  // Tells of a call that was made on both sides.
  void Made(std::string_view call);

  // Says whether the outcomes of a call, or lines on a tree, are the same but
  // for deviations that are known.
  bool Agree(std::string_view expected, std::string_view got) const;

 private:
  bool has_set_acl_ = false;
  bool has_opened_quietly_ = false;  // with O_NOATIME
  bool has_mapped_ = false;
};

}  // namespace assayfs::differential
