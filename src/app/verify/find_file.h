// SPDX-License-Identifier: Apache-2.0
// Looking at files of a tree without ever leaving it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/verify/compare_file.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

// Looks at files of a tree. The folder of the last one stays open, so that
// files of one folder are found fast if they come one after the other; a folder
// that is moved meanwhile counts as where it was.
//
// Threads: one object, one thread at a time.
class FileFinder {
 public:
  // root_fd: the tree, borrowed. also: what each content that is read is hashed
  // in, beside what is expected.
  explicit FileFinder(int root_fd, std::vector<HashAlgorithm> also = {})
      : root_fd_(root_fd), also_(std::move(also)) {}

  // Looks at what stands under path, as far as the tests of expectations need
  // it. path is resolved as if the tree were "/", and a link in the last
  // component is not followed. Nothing but regular files is opened for reading,
  // and content only if it has the size that is expected.
  // Errors: those of openat2(2) and fstatat(2) for path; ENOENT and ENOTDIR if
  // it is not there. What is there but cannot be read is missing in the result.
  Result<FoundFile> Find(const std::string& path,
                         std::span<const RpmFileMetadata* const> expectations);

 private:
  Result<void> Enter(std::string_view folder);

  int root_fd_;
  std::vector<HashAlgorithm> also_;
  std::string folder_;
  UniqueFd folder_fd_;  // none before the first call
};

}  // namespace assayfs
