// SPDX-License-Identifier: Apache-2.0
// Updates: a writable mount of a tree that users see read-only.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "app/daemon/sessions.h"
#include "appraise/appraiser.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Serves another mount of the same tree, on which callers can write and each
// open is judged, by the same appraiser. What is changed through it is gone
// from what the kernel keeps for the other before the change is answered. The
// mount lives in the namespace of who asked for it, and ends with that.
//
// There is one at a time: the kernel locks a folder while a name in it changes,
// and the other mount has to be told before that ends. Two would wait for each
// other.
//
// Threads: one at a time, for example that of the control socket.
class Updates {
 public:
  struct Surroundings {
    int root_fd = -1;  // as for FuseSession
    DataPath data = DataPath::kAuto;
    const NameJudge* names = nullptr;
    bool offsets_last = false;
    // Gets a line about what went wrong later on; on a thread of this.
    std::function<void(const std::string&)> report;
  };
  // sessions, appraiser: borrowed; they must outlive this.
  Updates(Sessions& sessions, Appraiser& appraiser, Surroundings surroundings)
      : sessions_(sessions),
        appraiser_(appraiser),
        surroundings_(std::move(surroundings)) {}
  Updates(const Updates&) = delete;
  Updates& operator=(const Updates&) = delete;
  ~Updates();  // ends it if it still runs: its users get ENOTCONN

  // Serves the mount that belongs to fuse_fd, until it is gone.
  // Errors: EBUSY if there is one; EINVAL if that is no descriptor of
  // /dev/fuse; EAGAIN for want of a thread; those of FuseSession::Create.
  Result<void> Serve(UniqueFd fuse_fd);

  bool running() const;

 private:
  ChangeListeners TellOthers(Sessions::Number self) const;
  void Run(std::shared_ptr<FuseSession> session, Sessions::Number number);

  Sessions& sessions_;
  Appraiser& appraiser_;
  const Surroundings surroundings_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable ended_;
  bool running_ = false;
  std::weak_ptr<FuseSession> session_;
  std::thread thread_;  // of the last one; not guarded
};

}  // namespace assayfs
