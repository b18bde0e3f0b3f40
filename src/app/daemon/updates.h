// SPDX-License-Identifier: Apache-2.0
// Updates: writable mounts of a tree that users see read-only.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "app/daemon/sessions.h"
#include "appraise/appraiser.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Serves further mounts of the same tree, on which callers can write and each
// open is judged, by the same appraiser. What is changed through one is gone
// from what the kernel keeps for the others before the change is answered. A
// mount lives in the namespace of who asked for it, and ends with that.
//
// Threads: one at a time, for example that of the control socket.
class Updates {
 public:
  struct Tree {
    int root_fd = -1;  // as for FuseSession
    DataPath data = DataPath::kAuto;
  };
  // All borrowed; they must outlive this. sessions: has all but those of this.
  Updates(Sessions& sessions, Appraiser& appraiser, const Tree& tree)
      : sessions_(sessions), appraiser_(appraiser), tree_(tree) {}
  Updates(const Updates&) = delete;
  Updates& operator=(const Updates&) = delete;
  ~Updates();  // ends those that still run: their users get ENOTCONN

  // Serves the mount that belongs to fuse_fd, until it is gone.
  // Errors: EINVAL if that is no descriptor of /dev/fuse; EAGAIN for want of
  // a thread; those of FuseSession::Create.
  Result<void> Serve(UniqueFd fuse_fd);

  // How many are served now.
  std::size_t running();

 private:
  struct Update {
    std::shared_ptr<FuseSession> session;
    std::atomic<bool> over = false;
    std::thread thread;
  };
  void RemoveThoseOver();
  ChangeListeners TellOthers(Sessions::Number self) const;

  Sessions& sessions_;
  Appraiser& appraiser_;
  const Tree tree_;
  std::list<Update> updates_;
};

}  // namespace assayfs
