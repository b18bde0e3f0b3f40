// SPDX-License-Identifier: Apache-2.0
// The journal of an update of lists: text, and the file that holds it.
#include "app/list_update/update_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::string_view kFilePrefix = ".update-";
constexpr std::string_view kFirstLine = "assayfs-update 1";
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxIdBytes = 64;
constexpr unsigned kMode = 0600;
constexpr char kLockName[] = ".update.lock";
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kLookAgain{20};

// Says whether a lock is still the one that others will find.
bool HasName(int file_fd, int dir_fd) {
  struct stat held {};
  struct stat found {};
  return ::fstat(file_fd, &held) == 0 &&
         ::fstatat(dir_fd, kLockName, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         held.st_ino == found.st_ino && held.st_dev == found.st_dev;
}

std::string FileName(const std::string& id) {
  return std::string(kFilePrefix) + id;
}

// Takes one line, without its end, into journal. False for an unknown one.
bool TakeLine(std::string_view line, UpdateJournal& journal) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space + 1 == line.size()) return false;
  const std::string_view word = line.substr(0, space);
  std::string value(line.substr(space + 1));
  if (word == "root" && journal.root.empty()) {
    journal.root = std::move(value);
  } else if (word == "add") {
    journal.added.insert(std::move(value));
  } else if (word == "installed") {
    journal.installed.insert(std::move(value));
  } else if (word == "remove") {
    journal.removed.insert(std::move(value));
  } else {
    return false;
  }
  return true;
}

void AddLines(std::string_view word, const std::set<std::string>& values,
              std::string& text) {
  for (const std::string& value : values) {
    text.append(word).append(" ").append(value).append("\n");
  }
}

}  // namespace

Result<UpdateLock> UpdateLock::Take(int dir_fd) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    // Not the folder itself, which everybody can open and so lock.
    UniqueFd file(::openat(dir_fd, kLockName,
                           O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kMode));
    if (!file) return Fail(Error::FromErrno(kLockName));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return Fail(Error::FromErrno(kLockName));
      std::this_thread::sleep_for(kLookAgain);
    } else if (HasName(file.get(), dir_fd)) {
      return UpdateLock(dir_fd, std::move(file));
    }
  } while (std::chrono::steady_clock::now() < end);
  return Fail(EBUSY, "another `lists update` is at work");
}

UpdateLock::~UpdateLock() {
  if (file_) ::unlinkat(dir_fd_, kLockName, 0);
}

bool IsUpdateId(std::string_view id) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !id.empty() && id.size() <= kMaxIdBytes &&
         id.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<UpdateJournal> ParseUpdateJournal(std::string_view text) {
  UpdateJournal journal;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool good =
        end != std::string_view::npos &&
        (number == 1 ? line == kFirstLine : TakeLine(line, journal));
    if (!good) {
      return Fail(EBADMSG, "line " + std::to_string(number) +
                               ": not the journal of an update");
    }
    text.remove_prefix(end + 1);
  }
  if (journal.root.empty()) {
    return Fail(EBADMSG, "not the journal of an update: no root");
  }
  return journal;
}

std::string FormatUpdateJournal(const UpdateJournal& journal) {
  std::string text(kFirstLine);
  text.append("\nroot ").append(journal.root).append("\n");
  AddLines("add", journal.added, text);
  AddLines("installed", journal.installed, text);
  AddLines("remove", journal.removed, text);
  return text;
}

Result<std::vector<std::string>> UpdatesUnderWay(int dir_fd) {
  auto names = NamesIn(dir_fd);
  if (!names) return names;
  std::vector<std::string> ids;
  for (const std::string& name : *names) {
    if (!name.starts_with(kFilePrefix)) continue;
    std::string id = name.substr(kFilePrefix.size());
    if (IsUpdateId(id)) ids.push_back(std::move(id));
  }
  return ids;
}

Result<std::optional<UpdateJournal>> ReadUpdateJournal(int dir_fd,
                                                       const std::string& id) {
  const std::string name = FileName(id);
  const auto bytes = ReadFileAt(dir_fd, name, kMaxBytes, Links::kRefuse);
  if (!bytes && bytes.error().code() == ENOENT) return std::nullopt;
  if (!bytes) return Fail(bytes.error());
  auto journal = ParseUpdateJournal(AsText(*bytes));
  if (!journal) return Fail(Error(journal.error()).WithContext(name));
  return std::move(*journal);
}

Result<void> KeepUpdateJournal(int dir_fd, const std::string& id,
                               const UpdateJournal& journal) {
  return ReplaceFileAt(dir_fd, FileName(id),
                       AsBytes(FormatUpdateJournal(journal)), kMode);
}

Result<void> DropUpdateJournal(int dir_fd, const std::string& id) {
  if (::unlinkat(dir_fd, FileName(id).c_str(), 0) != 0) {
    return Fail(Error::FromErrno(FileName(id)));
  }
  return {};
}

}  // namespace assayfs
