// SPDX-License-Identifier: Apache-2.0
// ReplyErrno: which errors of the lower file system the kernel may be told.
#pragma once

namespace assayfs {

// What a request asked for, as far as it matters to its error.
enum class Request { kOpen, kOther };

// Returns the errno to reply for an error of the lower file system. Not every
// one means to a FUSE client what it means to a caller:
// - ENOSYS switches a request off for the rest of the connection. Opening
//   would then succeed without being judged; so it is EIO for kOpen (open,
//   opendir, create) and EOPNOTSUPP for all others.
// - The kernel takes no reply with a number that is not from 1 to 511, and the
//   caller would wait for ever: EIO.
// Threads: pure function. Source: fuse_dev_do_write and the uses of no_open and
// the like in Linux, fs/fuse.
int ReplyErrno(int code, Request request);

}  // namespace assayfs
