// SPDX-License-Identifier: Apache-2.0
// Updates: a session on a thread of its own.
#include "app/daemon/updates.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace assayfs {
namespace {

// Descriptors kept for inodes: a package manager goes through files once.
constexpr std::size_t kMaxFds = 256;

// How long to wait for an update whose last process has just ended.
constexpr std::chrono::milliseconds kEndWait{1000};

// Source: Documentation/admin-guide/devices.txt of Linux.
bool IsFuse(const UniqueFd& fd) {
  struct stat info {};
  return fd && ::fstat(fd.get(), &info) == 0 && S_ISCHR(info.st_mode) &&
         info.st_rdev == makedev(10, 229);
}

}  // namespace

Updates::~Updates() {
  std::shared_ptr<FuseSession> session;
  {
    const std::lock_guard lock(mutex_);
    session = session_.lock();
  }
  if (session) session->Stop();
  session.reset();
  if (thread_.joinable()) thread_.join();
}

ChangeListeners Updates::TellOthers(Sessions::Number self) const {
  const Sessions* const all = &sessions_;
  return {.content =
              [all, self](FileId id) {
                all->ForOthers(self, [id](FuseSession& other) {
                  other.InvalidatePages(id);
                });
              },
          .attributes =
              [all, self](FileId id) {
                all->ForOthers(self, [id](FuseSession& other) {
                  other.ForgetAttributes(id);
                });
              },
          .removing =
              [all, self](FileId id, int fd) {
                all->ForOthers(self, [id, fd](FuseSession& other) {
                  other.KeepRemoved(id, fd);
                });
              },
          .name =
              [all, self](FileId folder, const std::string& name) {
                all->ForOthers(self, [&](FuseSession& other) {
                  other.ForgetName(folder, name);
                });
              }};
}

Result<void> Updates::Serve(UniqueFd fuse_fd) {
  {
    std::unique_lock lock(mutex_);
    // The kernel tells of the end of a mount a moment later.
    if (!ended_.wait_for(lock, kEndWait, [this] { return !running_; })) {
      return Fail(EBUSY, "another update is running");
    }
  }
  if (thread_.joinable()) thread_.join();
  if (!IsFuse(fuse_fd)) return Fail(EINVAL, "not a descriptor of /dev/fuse");
  const Sessions::Number number = sessions_.Reserve();
  auto created =
      FuseSession::Create({.fuse_fd = std::move(fuse_fd),
                           .root_fd = surroundings_.root_fd,
                           .data = surroundings_.data,
                           .names = surroundings_.names,
                           .offsets_last = surroundings_.offsets_last,
                           .max_fds = kMaxFds,
                           .begun = {},
                           .changes = TellOthers(number)},
                          appraiser_);
  if (!created) return Fail(created.error());
  std::shared_ptr<FuseSession> session(std::move(*created));
  sessions_.Add(number, session);
  const std::lock_guard lock(mutex_);
  session_ = session;
  try {
    // Its thread alone owns the session, and with it the mount.
    thread_ = std::thread([this, number, owned = std::move(session)]() mutable {
      Run(std::move(owned), number);
    });
  } catch (const std::system_error&) {
    sessions_.Remove(number);
    return Fail(EAGAIN, "cannot start a thread");
  }
  running_ = true;
  return {};
}

void Updates::Run(std::shared_ptr<FuseSession> session,
                  Sessions::Number number) {
  if (auto served = session->Run(); !served && surroundings_.report) {
    surroundings_.report("update: " + served.error().message());
  }
  sessions_.Remove(number);
  session.reset();
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  ended_.notify_all();
}

bool Updates::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace assayfs
