// SPDX-License-Identifier: Apache-2.0
// LeaseKeeper: fcntl leases and the thread that waits for their signal.
#include "appraise/lease_keeper.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/guarded.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

int LeaseSignal() { return SIGRTMIN + 1; }

sigset_t LeaseSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, LeaseSignal());
  sigaddset(&set, SIGIO);
  return set;
}

}  // namespace

void BlockLeaseSignals() {
  const sigset_t set = LeaseSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

struct LeaseKeeper::Impl {
  struct Lease {
    UniqueFd fd;
    std::list<FileId>::iterator age;
    bool ending = false;  // about to be given up; counts no more
  };
  struct Leases {
    std::unordered_map<FileId, Lease, FileIdHash> by_id;
    std::unordered_map<int, FileId> by_fd;
    std::list<FileId> oldest_first;

    // Says that the lease on a file counts no more, if there is one.
    bool BeginEnd(FileId id) {
      const auto it = by_id.find(id);
      if (it == by_id.end()) return false;
      it->second.ending = true;
      return true;
    }
    // Removes it, if no other has taken its place.
    UniqueFd EndOf(FileId id) {
      const auto it = by_id.find(id);
      const bool same = it != by_id.end() && it->second.ending;
      return same ? Remove(id) : UniqueFd();
    }

    // Gives the lease up. The descriptor is for the caller to close, with no
    // lock held: it may be the last one of a large file that was removed.
    UniqueFd Remove(FileId id) {
      const auto it = by_id.find(id);
      if (it == by_id.end()) return UniqueFd();
      UniqueFd fd = std::move(it->second.fd);
      // It may be a duplicate of one that stays open, so closing it would not
      // give the lease up.
      ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
      by_fd.erase(fd.get());
      oldest_first.erase(it->second.age);
      by_id.erase(it);
      return fd;
    }
  };

  void Wait();
  void End(FileId id);
  // Ends the oldest that counts, if there are as many as may be.
  void MakeRoom();
  // fd: of the lease that was broken; a later one is left alone.
  void Break(FileId id, int fd) {
    listeners.broken(id);
    const UniqueFd gone = leases.With([id, fd](Leases& held) {
      const auto it = held.by_id.find(id);
      const bool same = it != held.by_id.end() && it->second.fd.get() == fd;
      return same ? held.Remove(id) : UniqueFd();
    });
  }

  std::size_t max_leases = 0;
  Listeners listeners;
  Guarded<Leases> leases;
  std::atomic<bool> stopping = false;
  std::thread thread;
};

void LeaseKeeper::Impl::Wait() {
  const sigset_t set = LeaseSignals();
  while (true) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&set, &info);
    if (stopping) return;
    if (signal == SIGIO) {
      // The queue of real-time signals was full: any lease may be broken.
      const auto all = leases.With([](Leases& held) { return held.by_fd; });
      for (const auto& [fd, id] : all) Break(id, fd);
    } else if (signal == LeaseSignal()) {
      const auto id = leases.With([&](Leases& held) {
        const auto it = held.by_fd.find(info.si_fd);
        return it == held.by_fd.end() ? std::nullopt
                                      : std::optional<FileId>(it->second);
      });
      if (id) Break(*id, info.si_fd);
    }
  }
}

// In this order: who saw that the lease counts has told so before others are
// told that it does not.
void LeaseKeeper::Impl::End(FileId id) {
  const bool held = leases.With([id](Leases& all) { return all.BeginEnd(id); });
  if (!held) return;
  if (listeners.ending) listeners.ending(id);
  const UniqueFd gone =
      leases.With([id](Leases& all) { return all.EndOf(id); });
}

void LeaseKeeper::Impl::MakeRoom() {
  while (true) {
    const auto oldest =
        leases.With([this](Leases& all) -> std::optional<FileId> {
          if (all.by_id.size() < max_leases) return {};
          const auto counts = std::ranges::find_if(
              all.oldest_first,
              [&all](const FileId& id) { return !all.by_id.at(id).ending; });
          if (counts == all.oldest_first.end()) return {};
          return *counts;
        });
    if (!oldest) return;
    End(*oldest);
  }
}

LeaseKeeper::LeaseKeeper(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<LeaseKeeper>> LeaseKeeper::Start(std::size_t max_leases,
                                                        Listeners listeners) {
  auto impl = std::make_unique<Impl>();
  impl->max_leases = max_leases;
  impl->listeners = std::move(listeners);
  try {
    impl->thread = std::thread([state = impl.get()] { state->Wait(); });
  } catch (const std::system_error&) {
    return Fail(EAGAIN, "cannot start the lease thread");
  }
  return std::unique_ptr<LeaseKeeper>(new LeaseKeeper(std::move(impl)));
}

LeaseKeeper::~LeaseKeeper() {
  impl_->stopping = true;
  pthread_kill(impl_->thread.native_handle(), LeaseSignal());
  impl_->thread.join();
  impl_->leases.With([](Impl::Leases& held) {
    while (!held.oldest_first.empty()) {
      const UniqueFd gone = held.Remove(held.oldest_first.front());
    }
  });
}

LeaseKeeper::Outcome LeaseKeeper::Acquire(int fd, FileId id) {
  // Whoever wrote since it was taken would have broken it.
  if (IsUnbroken(id)) return Outcome::kHeld;
  impl_->End(id);
  if (impl_->max_leases == 0) return Outcome::kUnsupported;
  impl_->MakeRoom();
  return impl_->leases.With([&](Impl::Leases& held) {
    UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own || ::fcntl(own.get(), F_SETSIG, LeaseSignal()) != 0) {
      return Outcome::kUnsupported;
    }
    if (::fcntl(own.get(), F_SETLEASE, F_RDLCK) != 0) {
      return errno == EAGAIN ? Outcome::kWriter : Outcome::kUnsupported;
    }
    // Others may have come meanwhile: there was no writer, but it has no lease.
    if (held.by_id.size() >= impl_->max_leases) {
      ::fcntl(own.get(), F_SETLEASE, F_UNLCK);
      return Outcome::kUnsupported;
    }
    held.by_fd[own.get()] = id;
    held.oldest_first.push_back(id);
    held.by_id[id] = {std::move(own), std::prev(held.oldest_first.end())};
    return Outcome::kHeld;
  });
}

void LeaseKeeper::Release(FileId id) { impl_->End(id); }

void LeaseKeeper::ReleaseRemoved(FileId id) {
  const bool removed = impl_->leases.With([id](const Impl::Leases& held) {
    const auto it = held.by_id.find(id);
    struct stat info {};
    return it != held.by_id.end() && ::fstat(it->second.fd.get(), &info) == 0 &&
           info.st_nlink == 0;
  });
  if (removed) impl_->End(id);
}

bool LeaseKeeper::IsUnbroken(FileId id) const {
  return impl_->leases.With([id](const Impl::Leases& held) {
    const auto it = held.by_id.find(id);
    // A lease that is being broken is told as what it is to become.
    return it != held.by_id.end() && !it->second.ending &&
           ::fcntl(it->second.fd.get(), F_GETLEASE) == F_RDLCK;
  });
}

std::size_t LeaseKeeper::size() const {
  return impl_->leases.With(
      [](const Impl::Leases& held) { return held.by_id.size(); });
}

}  // namespace assayfs
