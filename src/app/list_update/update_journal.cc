// SPDX-License-Identifier: Apache-2.0
// The journal of an update of lists: text, and the file that holds it.
#include "app/list_update/update_journal.h"

#include <unistd.h>

#include "base/files.h"

namespace assayfs {
namespace {

constexpr char kFileName[] = ".update";
constexpr std::string_view kFirstLine = "assayfs-update 1";
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
constexpr unsigned kMode = 0600;

Result<void> SyncFolder(int dir_fd) {
  if (::fsync(dir_fd) != 0) return Fail(Error::FromErrno("fsync"));
  return {};
}

// Takes one line, without its end, into journal. False for an unknown one.
bool TakeLine(std::string_view line, UpdateJournal& journal) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space + 1 == line.size()) return false;
  const std::string_view word = line.substr(0, space);
  std::string value(line.substr(space + 1));
  if (word == "root") {
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

Result<std::optional<UpdateJournal>> ReadUpdateJournal(int dir_fd) {
  const auto bytes = ReadFileAt(dir_fd, kFileName, kMaxBytes, Links::kRefuse);
  if (!bytes && bytes.error().code() == ENOENT) return std::nullopt;
  if (!bytes) return Fail(bytes.error());
  auto journal = ParseUpdateJournal(AsText(*bytes));
  if (!journal) return Fail(Error(journal.error()).WithContext(kFileName));
  return std::move(*journal);
}

Result<void> KeepUpdateJournal(int dir_fd, const UpdateJournal& journal) {
  auto kept = ReplaceFileAt(dir_fd, kFileName,
                            AsBytes(FormatUpdateJournal(journal)), kMode);
  if (!kept) return kept;
  return SyncFolder(dir_fd);
}

Result<void> DropUpdateJournal(int dir_fd) {
  // What was settled must be on disk before the reason for it goes.
  auto synced = SyncFolder(dir_fd);
  if (!synced) return synced;
  if (::unlinkat(dir_fd, kFileName, 0) != 0) {
    return Fail(Error::FromErrno(kFileName));
  }
  return SyncFolder(dir_fd);
}

}  // namespace assayfs
