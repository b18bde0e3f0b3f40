// SPDX-License-Identifier: Apache-2.0
// FolderWatcher: inotify, and what its events mean.
#include "fs/folder_watcher.h"

#include <linux/magic.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "fs/reopen.h"

namespace assayfs {
namespace {

constexpr std::uint32_t kNames =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kMask = kNames | IN_ATTRIB | IN_MODIFY | IN_ONLYDIR;

// How long changes are left to gather after some were told: the kernel makes
// one event of equal ones that follow each other.
constexpr std::chrono::milliseconds kGather{1};

// How many changes may be announced in a folder that were not heard of yet.
constexpr std::size_t kMostExpected = 4096;

// File systems whose changes all go through this kernel. Sources: linux/magic.h
// and, for those that it lacks, the file systems' own.
constexpr std::array<std::uint32_t, 12> kLocal = {
    EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC,
    TMPFS_MAGIC,       RAMFS_MAGIC,          OVERLAYFS_SUPER_MAGIC,
    SQUASHFS_MAGIC,    EROFS_SUPER_MAGIC_V1, F2FS_SUPER_MAGIC,
    ISOFS_SUPER_MAGIC,
    0x2fc12fc1,  // ZFS
    0xca451a4e,  // bcachefs
};

bool IsLocal(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  return std::ranges::find(kLocal, static_cast<std::uint32_t>(info.f_type)) !=
         kLocal.end();
}

}  // namespace

FolderWatch::~FolderWatch() {
  if (watches()) watcher_->End(number_);
}

void FolderWatch::Expect(const std::string& name) const {
  if (watches()) watcher_->Expect(number_, name);
}

void FolderWatch::Unexpect(const std::string& name) const {
  if (watches()) watcher_->Unexpect(number_, name);
}

FolderWatcher::FolderWatcher(UniqueFd inotify, UniqueFd stop)
    : inotify_(std::move(inotify)), stop_(std::move(stop)) {}

FolderWatcher::~FolderWatcher() { Stop(); }

Result<std::unique_ptr<FolderWatcher>> FolderWatcher::Create() {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return Fail(Error::FromErrno("inotify_init1"));
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return Fail(Error::FromErrno("eventfd"));
  return std::unique_ptr<FolderWatcher>(
      new FolderWatcher(std::move(inotify), std::move(stop)));
}

Result<void> FolderWatcher::Start(Listener listener) {
  listener_ = std::move(listener);
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    return Fail(EAGAIN, "cannot start a thread");
  }
  return {};
}

void FolderWatcher::Stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written =
      ::write(stop_.get(), &one, sizeof(one));
  thread_.join();
}

std::unique_ptr<FolderWatch> FolderWatcher::Watch(int fd,
                                                  std::uint64_t folder) {
  if (!IsLocal(fd)) return std::make_unique<FolderWatch>(this, -1);
  const FdPath path(fd);
  // The same folder has the same number, so one thread's end and another's
  // beginning must not overlap.
  const std::lock_guard lock(mutex_);
  const int number = ::inotify_add_watch(inotify_.get(), path.c_str(), kMask);
  if (number >= 0) {
    Watched& watched = watched_[number];
    watched.folder = folder;
    ++watched.watches;
  }
  return std::make_unique<FolderWatch>(this, number);
}

void FolderWatcher::End(int number) {
  const std::lock_guard lock(mutex_);
  const auto it = watched_.find(number);
  if (it == watched_.end() || --it->second.watches > 0) return;
  watched_.erase(it);
  ::inotify_rm_watch(inotify_.get(), number);
}

void FolderWatcher::Expect(int number, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = watched_.find(number);
  if (it == watched_.end()) return;
  auto& expected = it->second.expected;
  if (expected.size() < kMostExpected) expected.insert(name);
}

bool FolderWatcher::Unexpect(int number, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = watched_.find(number);
  if (it == watched_.end()) return false;
  const auto expected = it->second.expected.find(name);
  if (expected == it->second.expected.end()) return false;
  it->second.expected.erase(expected);
  return true;
}

void FolderWatcher::Run() {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  std::array<pollfd, 2> ready = {pollfd{stop_.get(), POLLIN, 0},
                                 pollfd{inotify_.get(), POLLIN, 0}};
  while (true) {
    ::poll(ready.data(), ready.size(), -1);
    if (ready[0].revents != 0) return;
    const ssize_t count = ::read(inotify_.get(), buffer.data(), buffer.size());
    for (std::size_t at = 0;
         count > 0 && at < static_cast<std::size_t>(count);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      // The kernel pads the name with NULs.
      const char* const name = buffer.data() + at + sizeof(event);
      Tell(event.wd, event.mask, event.len == 0 ? "" : name);
      at += sizeof(event) + event.len;
    }
    if (::poll(ready.data(), 1, kGather.count()) > 0) return;
  }
}

void FolderWatcher::Tell(int number, std::uint32_t mask, const char* name) {
  using Kind = Change::Kind;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    {
      const std::lock_guard lock(mutex_);
      for (auto& [any, watched] : watched_) watched.expected.clear();
    }
    listener_(Change());
    return;
  }
  Change change;
  {
    const std::lock_guard lock(mutex_);
    const auto it = watched_.find(number);
    if (it == watched_.end()) return;
    change.folder = it->second.folder;
  }
  change.name = name;
  if ((mask & kNames) != 0) {
    change.kind = Kind::kName;
    change.expected = Unexpect(number, change.name);
  } else if (change.name.empty()) {
    change.kind = Kind::kSelf;
  } else if ((mask & IN_ATTRIB) != 0) {
    change.kind = Kind::kAttributes;
  } else if ((mask & IN_MODIFY) != 0) {
    change.kind = Kind::kContent;
  } else {
    return;
  }
  listener_(change);
}

}  // namespace assayfs
