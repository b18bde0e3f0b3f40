// SPDX-License-Identifier: Apache-2.0
// FolderWatcher: inotify, and what its events mean.
#include "fs/folder_watcher.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/inotify_events.h"
#include "base/reopen.h"

namespace assayfs {
namespace {

constexpr std::uint32_t kNames =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kMask = kNames | IN_ATTRIB | IN_MODIFY | IN_ONLYDIR;

// How long changes are left to gather after some were told: the kernel makes
// one event of equal ones that follow each other.
constexpr std::chrono::milliseconds kGather{1};

// How many changes may wait to be told again.
constexpr std::size_t kMostAgain = 16384;

// How many changes may be announced in a folder that were not heard of yet.
constexpr std::size_t kMostExpected = 4096;

// File systems whose changes all go through this kernel. Sources: linux/magic.h
// and, for those that it lacks, the file systems' own.
constexpr std::array<std::uint32_t, 11> kLocal = {
    EXT4_SUPER_MAGIC,  XFS_SUPER_MAGIC,      BTRFS_SUPER_MAGIC,
    TMPFS_MAGIC,       RAMFS_MAGIC,          OVERLAYFS_SUPER_MAGIC,
    SQUASHFS_MAGIC,    EROFS_SUPER_MAGIC_V1, F2FS_SUPER_MAGIC,
    ISOFS_SUPER_MAGIC,
    0xca451a4e,  // bcachefs
};

bool IsLocal(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  return std::ranges::find(kLocal, static_cast<std::uint32_t>(info.f_type)) !=
         kLocal.end();
}

bool IgnoresCase(int fd) {
  const UniqueFd folder(
      ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
  long flags = 0;  // the kernel fills in an int
  return ::ioctl(folder.get(), FS_IOC_GETFLAGS, &flags) == 0 &&
         (flags & FS_CASEFOLD_FL) != 0;
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

FolderWatcher::FolderWatcher(UniqueFd inotify, UniqueFd stop,
                             std::size_t most_watches)
    : inotify_(std::move(inotify)),
      stop_(std::move(stop)),
      most_watches_(most_watches) {}

FolderWatcher::~FolderWatcher() { Stop(); }

std::size_t FolderWatcher::FairShare() {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> limit;
  return limit / 4;
}

Result<std::unique_ptr<FolderWatcher>> FolderWatcher::Create(
    std::size_t most_watches) {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return Fail(Error::FromErrno("inotify_init1"));
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return Fail(Error::FromErrno("eventfd"));
  return std::unique_ptr<FolderWatcher>(
      new FolderWatcher(std::move(inotify), std::move(stop), most_watches));
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
  if (!IsLocal(fd) || IgnoresCase(fd)) {
    return std::make_unique<FolderWatch>(this, -1);
  }
  const FdPath path(fd);
  // The same folder has the same number, so one thread's end and another's
  // beginning must not overlap.
  const std::lock_guard lock(mutex_);
  const int number =
      watched_.size() < most_watches_
          ? ::inotify_add_watch(inotify_.get(), path.c_str(), kMask)
          : -1;
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

void FolderWatcher::Unexpect(int number, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto it = watched_.find(number);
  if (it == watched_.end()) return;
  const auto expected = it->second.expected.find(name);
  if (expected != it->second.expected.end()) {
    it->second.expected.erase(expected);
  }
}

void FolderWatcher::Run() {
  using Clock = std::chrono::steady_clock;
  std::array<pollfd, 2> ready = {pollfd{stop_.get(), POLLIN, 0},
                                 pollfd{inotify_.get(), POLLIN, 0}};
  std::deque<std::pair<Clock::time_point, Change>> again;
  while (true) {
    const int wait = again.empty() ? -1 : static_cast<int>(kAgain.count());
    ::poll(ready.data(), ready.size(), wait);
    if (ready[0].revents != 0) return;
    for (const Change& change : Read()) {
      listener_(change);
      const bool once =
          change.expected || change.kind == Change::Kind::kAnything;
      if (once || again.size() >= kMostAgain) continue;
      again.emplace_back(Clock::now() + kAgain, change);
    }
    while (!again.empty() && again.front().first <= Clock::now()) {
      listener_(again.front().second);
      again.pop_front();
    }
    if (::poll(ready.data(), 1, kGather.count()) > 0) return;
  }
}

std::set<FolderWatcher::Change> FolderWatcher::Read() {
  std::set<Change> changes;
  ReadInotifyEvents(inotify_.get(),
                    [&](int number, std::uint32_t mask, const char* name) {
                      auto change = Translate(number, mask, name);
                      if (change) changes.insert(std::move(*change));
                    });
  // What was announced and something else came of a name: the latter counts.
  std::erase_if(changes, [&changes](const Change& change) {
    Change other = change;
    other.expected = false;
    return change.expected && changes.contains(other);
  });
  return changes;
}

std::optional<FolderWatcher::Change> FolderWatcher::Translate(
    int number, std::uint32_t mask, const char* name) {
  using Kind = Change::Kind;
  const std::unique_lock lock(mutex_);
  Change change;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    for (auto& [any, watched] : watched_) watched.expected.clear();
    return change;
  }
  const auto it = watched_.find(number);
  if (it == watched_.end()) return std::nullopt;
  change.folder = it->second.folder;
  change.name = name;
  if ((mask & kNames) != 0) {
    change.kind = Kind::kName;
    auto& expected = it->second.expected;
    const auto own = expected.find(change.name);
    change.expected = own != expected.end();
    if (change.expected) expected.erase(own);
  } else if (change.name.empty()) {
    change.kind = Kind::kSelf;
  } else if ((mask & IN_ATTRIB) != 0) {
    change.kind = Kind::kAttributes;
  } else if ((mask & IN_MODIFY) != 0) {
    change.kind = Kind::kContent;
  } else {
    return std::nullopt;
  }
  return change;
}

}  // namespace assayfs
