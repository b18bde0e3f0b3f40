// SPDX-License-Identifier: Apache-2.0
// Answering requests that may take long: how a signal is heard of.
#include "fs/fuse_patience.h"

namespace assayfs {

Interrupt::Interrupt(fuse_req_t req)
    : req_(req), caller_(fuse_req_ctx(req)->pid) {
  fuse_req_interrupt_func(
      req,
      [](fuse_req_t, void* flag) {
        static_cast<std::atomic<bool>*>(flag)->store(true);
      },
      &came_);
}

void Interrupt::End() { fuse_req_interrupt_func(req_, nullptr, nullptr); }

}  // namespace assayfs
