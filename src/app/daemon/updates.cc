// SPDX-License-Identifier: Apache-2.0
// Updates: sessions on threads of their own.
#include "app/daemon/updates.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "app/report.h"

namespace assayfs {
namespace {

// Descriptors kept for inodes: a package manager goes through files once.
constexpr std::size_t kMaxFds = 256;

// Source: Documentation/admin-guide/devices.txt of Linux.
bool IsFuse(const UniqueFd& fd) {
  struct stat info {};
  return fd && ::fstat(fd.get(), &info) == 0 && S_ISCHR(info.st_mode) &&
         info.st_rdev == makedev(10, 229);
}

}  // namespace

Updates::~Updates() {
  for (Update& update : updates_) update.session->Stop();
  for (Update& update : updates_) update.thread.join();
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
          .name =
              [all, self](FileId folder, const std::string& name) {
                all->ForOthers(self, [&](FuseSession& other) {
                  other.ForgetName(folder, name);
                });
              }};
}

Result<void> Updates::Serve(UniqueFd fuse_fd) {
  RemoveThoseOver();
  if (!IsFuse(fuse_fd)) return Fail(EINVAL, "not a descriptor of /dev/fuse");
  const Sessions::Number number = sessions_.Reserve();
  auto created = FuseSession::Create({.fuse_fd = std::move(fuse_fd),
                                      .root_fd = tree_.root_fd,
                                      .data = tree_.data,
                                      .max_fds = kMaxFds,
                                      .begun = {},
                                      .changes = TellOthers(number)},
                                     appraiser_);
  if (!created) return Fail(created.error());
  Update& update = updates_.emplace_back();
  update.session = std::move(*created);
  sessions_.Add(number, update.session);
  try {
    update.thread = std::thread([this, &update, number] {
      if (auto served = update.session->Run(); !served) {
        ReportFailure("update", served.error());
      }
      sessions_.Remove(number);
      update.over = true;
    });
  } catch (const std::system_error&) {
    sessions_.Remove(number);
    updates_.pop_back();
    return Fail(EAGAIN, "cannot start a thread");
  }
  return {};
}

void Updates::RemoveThoseOver() {
  for (auto update = updates_.begin(); update != updates_.end();) {
    if (!update->over) {
      ++update;
      continue;
    }
    update->thread.join();
    update = updates_.erase(update);
  }
}

std::size_t Updates::running() {
  RemoveThoseOver();
  return updates_.size();
}

}  // namespace assayfs
