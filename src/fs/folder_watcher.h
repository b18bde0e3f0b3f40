// SPDX-License-Identifier: Apache-2.0
// FolderWatcher: hears of changes in lower folders.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

class FolderWatcher;

// Changes in a folder are heard of as long as this lives, if it watches.
class FolderWatch {
 public:
  FolderWatch(FolderWatcher* watcher, int number)
      : watcher_(watcher), number_(number) {}
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;
  ~FolderWatch();

  bool watches() const { return number_ >= 0; }

  // Announces that a name in the folder is about to be changed by ourselves, or
  // takes that back, if it has not been heard of.
  void Expect(const std::string& name) const;
  void Unexpect(const std::string& name) const;

 private:
  FolderWatcher* const watcher_;  // outlives this
  const int number_;              // inotify's; -1 if it does not watch
};

// Watches folders through inotify: who changes something in one, by its name
// there, is heard of. Not heard of are changes of a file by another name or by
// a file handle, what is mounted, and what another machine does; so folders
// that lie on network file systems are not watched.
//
// Threads: safe.
class FolderWatcher {
 public:
  struct Change {
    enum class Kind {
      kName,        // name came, went, or leads somewhere else
      kContent,     // of the file with that name, and its times
      kAttributes,  // of the file with that name
      kSelf,        // attributes of the folder itself
      kAnything,    // too much at once: anything in any folder
    };
    Kind kind = Kind::kAnything;
    std::uint64_t folder = 0;  // the caller's number
    std::string name;
    bool expected = false;  // kName: it was announced, and nothing else was

    friend auto operator<=>(const Change&, const Change&) = default;
  };
  using Listener = std::function<void(const Change&)>;

  // How much later a change is told again.
  static constexpr std::chrono::milliseconds kAgain{50};

  // A quarter of the watches that this user may have: others need some, too.
  static std::size_t FairShare();
  // most_watches: how many folders to watch at once.
  // Errors: those of inotify_init1(2) and eventfd(2).
  static Result<std::unique_ptr<FolderWatcher>> Create(
      std::size_t most_watches = FairShare());
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;
  ~FolderWatcher();

  // Begins to tell listener of changes, on a thread of its own, one after the
  // other; it may block. Changes of one kind that come at about the same time
  // are one. What was not expected is told again after kAgain, for what was
  // looked up before the change and became known after it was told. Call once.
  // Errors: EAGAIN for want of a thread.
  Result<void> Start(Listener listener);
  // Ends that; watches stay without effect.
  void Stop();

  // Watches the folder behind fd, which is borrowed and may be O_PATH. What is
  // returned does not watch if that is not possible: there are too many; no
  // right to read the folder; a file system on which not all is heard of; a
  // folder that ignores case, whose names the kernel may keep in another
  // spelling. folder: the caller's number, always the same for one folder.
  std::unique_ptr<FolderWatch> Watch(int fd, std::uint64_t folder);

 private:
  friend FolderWatch;
  struct Watched {
    std::uint64_t folder = 0;
    unsigned watches = 0;
    std::unordered_multiset<std::string> expected;  // names
  };
  FolderWatcher(UniqueFd inotify, UniqueFd stop, std::size_t most_watches);
  void End(int number);
  void Expect(int number, const std::string& name);
  void Unexpect(int number, const std::string& name);
  void Run();
  // Reads all events that are there, as changes that differ.
  std::set<Change> Read();
  // What an event means; nothing if it means nothing.
  std::optional<Change> Translate(int number, std::uint32_t mask,
                                  const char* name);

  const UniqueFd inotify_;
  const UniqueFd stop_;
  const std::size_t most_watches_;
  std::mutex mutex_;  // guards watched_
  std::unordered_map<int, Watched> watched_;
  Listener listener_;
  std::thread thread_;
};

}  // namespace assayfs
