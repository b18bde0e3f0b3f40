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
// cannot be found out: before Linux 5.12, on file systems other than ext4,
// f2fs and btrfs, because a server behind one may answer as it likes, and on
// btrfs where it does not give its descriptor.
// pages: with kDropped also nothing if the kernel keeps pages of the file that
// it does not drop; see DropAllPages.
// Threads: any number at once, also on one fd.
// Source: Documentation/filesystems/fsverity.rst of Linux.
enum class Pages { kAny, kDropped };
std::optional<VerityFile> AskVerity(int fd, Pages pages);

// Drops the pages that the kernel keeps of the first file_bytes of a file, and
// says whether all are gone: those from before it was given fs-verity were not
// compared, and may even be written to by who pinned them then. fd: open for
// reading; borrowed. False also if that cannot be found out. Threads: safe.
bool DropAllPages(int fd, std::uint64_t file_bytes);

}  // namespace assayfs
