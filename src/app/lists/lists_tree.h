// SPDX-License-Identifier: Apache-2.0
// Hashing the files of a folder, for a list of their digests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

struct TreeOptions {
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  // Paths are recorded as seen from this folder; empty: from "/".
  std::string root;
  // Told the number of files hashed so far; may be empty.
  std::function<void(std::size_t)> progress;
  // Told of folders left out because another file system is mounted there;
  // may be empty.
  std::function<void(const std::string&)> left_out;
};

// Hashes a regular file, or all regular files below a folder, sorted by the
// bytes of their paths. Links at path itself are followed, links below are
// not; other kinds of files are left out, as are other file systems.
// Errors: EINVAL if path is not below root, or neither file nor folder; those
// of HashFile and open(2), with the path. Any error ends the whole run.
Result<std::vector<ListedFile>> HashTree(const std::string& path,
                                         const TreeOptions& options);

}  // namespace assayfs
