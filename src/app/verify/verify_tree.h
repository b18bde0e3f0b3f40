// SPDX-License-Identifier: Apache-2.0
// Comparing a whole tree with signed packages.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "app/verify/compare_file.h"
#include "crypto/digest.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

// One file that is not as the packages say.
struct Finding {
  enum class Kind { kDiffers, kMissing, kRevoked, kUnowned };

  Kind kind = Kind::kDiffers;
  std::string path;
  std::string marks;     // of kDiffers, see MarksOf
  char attribute = ' ';  // see AttributeLetter
  std::string package;   // whose header it was held against; not of kUnowned
  std::string why;       // of kMissing, if it is another reason than ENOENT
};

struct VerifiedFiles {
  std::size_t checked = 0;        // paths, of all packages together
  std::vector<Finding> findings;  // all but kUnowned, sorted by path
};

// Compares every file of the packages with what stands in the tree, on all
// processors. The result does not depend on their number.
//
// Of several packages that own a path, one that agrees with the file is enough;
// if none does, the one with the fewest marks is told. One that only names the
// path (a ghost) is asked only if no other owns it. The time of change is not
// held against a file of several packages, nor is it by rpm. A file that may be
// missing, or is a ghost, is not told as missing. Content with one of the
// digests that are revoked is told as that, whatever else there is to say of
// it; it is looked for in files that have the size that is expected.
//
// root_fd: the tree, borrowed. progress: told the number of files looked at,
// now and then, by several threads; may be empty.
VerifiedFiles VerifyFiles(int root_fd,
                          const std::vector<RpmPackageFiles>& packages,
                          const Owners& owners, const std::set<Digest>& revoked,
                          const std::function<void(std::size_t)>& progress);

}  // namespace assayfs
