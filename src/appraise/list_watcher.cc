// SPDX-License-Identifier: Apache-2.0
// ListWatcher: inotify watches and what their events mean.
#include "appraise/list_watcher.h"

#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <utility>

#include "appraise/list_source.h"
#include "base/inotify_events.h"

namespace assayfs {
namespace {

constexpr std::uint32_t kSelfGone =
    IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t kNames =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kContent = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t kStepMask =
    kNames | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD | IN_ONLYDIR;
constexpr std::uint32_t kFolderMask = kStepMask | kContent;
constexpr std::uint32_t kFileMask =
    kContent | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD;

// An entry of a folder on the way to a path.
struct Step {
  std::string folder;
  std::string entry;
};

void PushFront(std::deque<std::string>& entries, std::string_view path) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(path).relative_path()) {
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  entries.insert(entries.begin(), parts.begin(), parts.end());
}

// Returns every directory entry that decides what an absolute path means,
// those of symbolic links included, up to the first that does not exist.
std::vector<Step> StepsTo(const std::string& path) {
  constexpr int kMaxLinks = 40;  // as the kernel
  std::vector<Step> steps;
  std::deque<std::string> entries;
  PushFront(entries, path);
  std::filesystem::path folder = "/";
  int links = 0;
  while (!entries.empty()) {
    const std::string entry = entries.front();
    entries.pop_front();
    if (entry == "..") {
      folder = folder.parent_path();
      continue;
    }
    steps.push_back({folder, entry});
    const auto full = folder / entry;
    std::error_code error;
    const auto target = std::filesystem::read_symlink(full, error);
    if (error) {
      folder = full;
      continue;
    }
    if (++links > kMaxLinks) break;
    if (target.is_absolute()) folder = "/";
    PushFront(entries, target.native());
  }
  return steps;
}

}  // namespace

Result<ListWatcher> ListWatcher::Create() {
  UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return Fail(Error::FromErrno("inotify_init1"));
  return ListWatcher(std::move(inotify));
}

Result<void> ListWatcher::Add(const std::string& path, std::uint32_t mask,
                              Interest interest) {
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), mask);
  if (watch < 0) {
    // What is not there yet shows up in the folder above it.
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return Fail(Error::FromErrno("cannot watch " + path));
  }
  interests_[watch].push_back(std::move(interest));
  return {};
}

Result<void> ListWatcher::Watch(std::size_t source, const std::string& path,
                                Holds holds) {
  sources_ = std::max(sources_, source + 1);
  for (auto& [watch, interests] : interests_) {
    std::erase_if(interests,
                  [&](const Interest& i) { return i.source == source; });
  }
  Result<void> outcome;
  const auto add = [&](const std::string& where, std::uint32_t mask,
                       Interest interest) {
    auto added = Add(where, mask, std::move(interest));
    if (!added && outcome) outcome = std::move(added);
  };
  const auto add_way = [&](const std::string& to, const std::string& list) {
    for (const Step& step : StepsTo(to)) {
      add(step.folder, kStepMask,
          {source, Interest::Kind::kStep, step.entry, list});
    }
  };
  add_way(path, {});
  std::error_code ignored;
  if (holds == Holds::kDatabase) {
    add(path, kFolderMask, {source, Interest::Kind::kDatabase, {}, {}});
  } else if (std::filesystem::is_directory(path, ignored)) {
    add(path, kFolderMask, {source, Interest::Kind::kFolder, {}, {}});
    const auto names = ListNames(path);
    for (const auto& name : names ? *names : std::vector<std::string>()) {
      const std::string list = path + "/" + name;
      add(list, kFileMask, {source, Interest::Kind::kFile, {}, name});
      if (std::filesystem::is_symlink(list, ignored)) add_way(list, name);
    }
  } else {
    add(path, kFileMask, {source, Interest::Kind::kFile, {}, {}});
  }
  for (auto it = interests_.begin(); it != interests_.end();) {
    if (it->second.empty()) {
      ::inotify_rm_watch(inotify_.get(), it->first);
      it = interests_.erase(it);
    } else {
      ++it;
    }
  }
  return outcome;
}

void ListWatcher::Translate(int watch, std::uint32_t mask,
                            std::string_view name,
                            std::vector<Change>& changes) const {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    for (std::size_t s = 0; s < sources_; ++s) changes.push_back({s, {}});
    return;
  }
  const auto it = interests_.find(watch);
  if (it == interests_.end()) return;
  const bool self = (mask & kSelfGone) != 0;
  for (const Interest& interest : it->second) {
    switch (interest.kind) {
      case Interest::Kind::kStep:
        if (self || ((mask & kNames) != 0 && name == interest.name)) {
          changes.push_back({interest.source, interest.list});
        }
        break;
      case Interest::Kind::kFolder:
        if (self || (!name.empty() && !name.starts_with('.'))) {
          changes.push_back({interest.source, std::string(name)});
        }
        break;
      case Interest::Kind::kFile:
        changes.push_back({interest.source, interest.list});
        break;
      case Interest::Kind::kDatabase:
        // SQLite's readers come and go in NAME-shm and empty NAME-wal files.
        if (self || ((mask & (IN_MODIFY | IN_MOVED_TO)) != 0 &&
                     !name.ends_with("-shm"))) {
          changes.push_back({interest.source, {}});
        }
        break;
    }
  }
}

std::vector<ListWatcher::Change> ListWatcher::Drain() {
  std::vector<Change> changes;
  ReadInotifyEvents(inotify_.get(),
                    [&](int watch, std::uint32_t mask, const char* name) {
                      Translate(watch, mask, name, changes);
                    });
  std::ranges::sort(changes);
  // Not std::ranges::unique: clang 14 cannot compile its result.
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  return changes;
}

}  // namespace assayfs
