// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of a file with fs-verity.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace assayfs {

// What fs-verity says of a file.
struct VerityFile {
  Digest digest;
  std::uint64_t file_bytes = 0;
};

// Returns what a descriptor stands for. bytes: as FS_IOC_READ_VERITY_METADATA
// gives them.
// Nothing for what is no descriptor, and for one with other blocks than of
// kVerityBlockBytes, with salt or with another hash: lists have no such
// digests. Threads: pure function.
std::optional<VerityFile> ReadVerityDescriptor(Bytes bytes);

// Asks the kernel for what fs-verity says of the file behind fd, which is
// borrowed and open for reading. Takes the same time for every size of file.
// Nobody can change the content, and the kernel compares all that it reads from
// the disk with the digest, as long as the file is open somewhere.
// Nothing if the file has no fs-verity or other than the above, or if that
// cannot be found out: before Linux 5.12, and on file systems other than ext4,
// f2fs and btrfs, because a server behind one may answer as it likes.
// Threads: any number at once, also on one fd.
// Source: Documentation/filesystems/fsverity.rst of Linux.
std::optional<VerityFile> AskVerity(int fd);

}  // namespace assayfs
