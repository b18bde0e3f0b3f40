// SPDX-License-Identifier: Apache-2.0
// ListWatcher: tells of changes to the places that digest lists come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Watches sources through inotify: every folder and symbolic link on the way
// to a source, the source itself, and each list file by its inode, so that a
// write through another hard link is seen too. The kernel queues an event
// before the call that caused it returns, so what Drain does not tell has not
// happened.
// Threads: one at a time.
class ListWatcher {
 public:
  // Errors: those of inotify_init1(2).
  static Result<ListWatcher> Create();

  // What is at a path: digest lists, or the files of a database, which even a
  // reader may create, lock and remove.
  enum class Holds { kLists, kDatabase };
  // Replaces the watches of a source by new ones for path as it is now. Call
  // it before reading the source. What does not exist is waited for.
  // source: the caller's number for it.
  // Errors: ENOSPC and the like if something cannot be watched; the other
  // watches stand.
  Result<void> Watch(std::size_t source, const std::string& path, Holds holds);

  // One change. name: the file in the source's folder; empty: anything in the
  // source may have changed.
  struct Change {
    std::size_t source;
    std::string name;

    friend auto operator<=>(const Change&, const Change&) = default;
  };
  // Returns the changes since the last call; does not block.
  std::vector<Change> Drain();

  // Readable when Drain has something to tell.
  int fd() const { return inotify_.get(); }

 private:
  // Why an inode is watched.
  struct Interest {
    enum class Kind { kStep, kFolder, kFile, kDatabase };
    std::size_t source;
    Kind kind;
    std::string name;  // kStep: the entry that leads on
    std::string list;  // the list it is about; empty: the whole source
  };

  explicit ListWatcher(UniqueFd inotify) : inotify_(std::move(inotify)) {}
  Result<void> Add(const std::string& path, std::uint32_t mask,
                   Interest interest);
  void Translate(int watch, std::uint32_t mask, std::string_view name,
                 std::vector<Change>& changes) const;

  UniqueFd inotify_;
  std::map<int, std::vector<Interest>> interests_;  // by watch descriptor
  std::size_t sources_ = 0;
};

}  // namespace assayfs
