// SPDX-License-Identifier: Apache-2.0
// KernelCache: libfuse's notifications.
#include "fs/kernel_cache.h"

#include <cerrno>

#include "fs/fuse_ops.h"

namespace assayfs {
namespace {

// libfuse 3.14 wants to be told that it is to expire the name; later ones know.
template <typename Flags>
void Expire(int (*expire)(fuse_session*, fuse_ino_t, const char*, std::size_t,
                          Flags),
            fuse_session* session, NodeId folder, const std::string& name) {
  expire(session, folder, name.c_str(), name.size(), static_cast<Flags>(1));
}
[[maybe_unused]] void Expire(int (*expire)(fuse_session*, fuse_ino_t,
                                           const char*, std::size_t),
                             fuse_session* session, NodeId folder,
                             const std::string& name) {
  expire(session, folder, name.c_str(), name.size());
}

}  // namespace

void KernelCache::Drop(NodeId node) const {
  fuse_lowlevel_notify_inval_inode(session_, node, 0, 0);
}

bool KernelCache::ForgetAttributes(NodeId node) const {
  return fuse_lowlevel_notify_inval_inode(session_, node, -1, 0) != -ENOENT;
}

void KernelCache::ForgetName(NodeId folder, const std::string& name) const {
  fuse_lowlevel_notify_inval_entry(session_, folder, name.c_str(), name.size());
}

void KernelCache::DoubtName(NodeId folder, const std::string& name) const {
  Expire(fuse_lowlevel_notify_expire_entry, session_, folder, name);
}

}  // namespace assayfs
