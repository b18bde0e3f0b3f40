// SPDX-License-Identifier: Apache-2.0
// Going through the files of a folder, and hashing them for a list.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lists/digest_list.h"

namespace assayfs {

struct WalkOptions {
  // Paths are told as seen from this folder; empty: from "/".
  std::string root;
  // Told of folders left out because another file system is mounted there;
  // may be empty.
  std::function<void(const std::string&)> left_out;
};

// Told of a regular file: a descriptor to read it, which is the caller's, and
// its path as seen from the root. An error ends the whole run.
using FileVisitor = std::function<Result<void>(int fd, const std::string&)>;

// Visits a regular file, or all regular files below a folder; in each folder
// by the bytes of the names. Links at path itself are followed, links below are
// not; other kinds of files are left out, as are other file systems.
// Errors: EINVAL if path is not below root, or neither file nor folder; those
// of visit and open(2), with the path. Any error ends the whole run.
Result<void> WalkTree(const std::string& path, const WalkOptions& options,
                      const FileVisitor& visit);

struct TreeOptions {
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  std::string root;  // as WalkOptions::root
  // Told the number of files hashed so far; may be empty.
  std::function<void(std::size_t)> progress;
  std::function<void(const std::string&)> left_out;  // as in WalkOptions
};

// Hashes what WalkTree visits, sorted by the bytes of the paths.
// Errors: as WalkTree and HashFile.
Result<std::vector<ListedFile>> HashTree(const std::string& path,
                                         const TreeOptions& options);

}  // namespace assayfs
