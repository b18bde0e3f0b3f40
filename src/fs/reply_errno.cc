// SPDX-License-Identifier: Apache-2.0
// ReplyErrno: one table.
#include "fs/reply_errno.h"

#include <cerrno>

namespace assayfs {

int ReplyErrno(int code, Request request) {
  // The kernel keeps numbers from 512 on to itself.
  constexpr int kFirstOfKernel = 512;
  if (code == ENOSYS) return request == Request::kOpen ? EIO : EOPNOTSUPP;
  if (code <= 0 || code >= kFirstOfKernel) return EIO;
  return code;
}

}  // namespace assayfs
