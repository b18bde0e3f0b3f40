// SPDX-License-Identifier: Apache-2.0
// The digest of a file with fs-verity, as the kernel has it.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace assayfs {

// Returns the file digest that a descriptor stands for. bytes: as
// FS_IOC_READ_VERITY_METADATA gives them.
// Nothing for what is no descriptor, and for one with other blocks than of
// kVerityBlockBytes, with salt or with another hash: lists have no such
// digests. Threads: pure function.
std::optional<Digest> DigestOfVerityDescriptor(Bytes bytes);

// Asks the kernel for the file digest of the file behind fd, which is borrowed
// and open for reading. Takes the same time for every size of file. From the
// first answer on nobody can change the content, and the kernel compares all
// that it reads from the disk with it.
// Nothing if the file has no fs-verity or other than the above, or if that
// cannot be found out: before Linux 5.12, and on file systems other than ext4,
// f2fs and btrfs, because a server behind one may answer as it likes.
// Threads: any number at once, also on one fd.
// Source: Documentation/filesystems/fsverity.rst of Linux.
std::optional<Digest> LowerVerityDigest(int fd);

}  // namespace assayfs
