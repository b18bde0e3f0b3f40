// SPDX-License-Identifier: Apache-2.0
// Looking at files of a tree without ever leaving it.
#pragma once

#include <span>
#include <string>

#include "app/verify/compare_file.h"
#include "base/result.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

// Looks at what stands under path, as far as the tests of expectations need it.
// root_fd: the tree, borrowed; path is resolved as if it were "/", and a link
// in the last component is not followed. Nothing but regular files is opened
// for reading, and content only if it has the size that is expected. Errors:
// those of openat2(2) for path; ENOENT and ENOTDIR if it is not there. What is
// there but cannot be read is missing in the result. Threads: safe.
Result<FoundFile> FindFile(
    int root_fd, const std::string& path,
    std::span<const RpmFileMetadata* const> expectations);

}  // namespace assayfs
