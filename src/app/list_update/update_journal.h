// SPDX-License-Identifier: Apache-2.0
// UpdateJournal: what an update of lists has still to settle.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace assayfs {

// Kept as file ".update-ID" in the folder of the lists from the begin of an
// update to its end, so that one that was killed can be gone on with, ended or
// aborted. The sets hold file names of that folder.
struct UpdateJournal {
  // Of the system whose RPM database says which packages are installed.
  std::string root;
  std::set<std::string> added;      // lists that the update brought
  std::set<std::string> installed;  // of packages installed when it began
  std::set<std::string> removed;    // told to go when it ends

  friend bool operator==(const UpdateJournal&, const UpdateJournal&) = default;
};

// Keeps others out of a folder as long as it lives: whoever changes journals,
// or the names of lists. It is a locked file ".update.lock", which goes with
// it.
//
// Threads: one object, one thread.
class UpdateLock {
 public:
  // Waits up to ten seconds for others. dir_fd: borrowed, must outlive this.
  // Errors: those of openat(2); EBUSY if others take longer.
  static Result<UpdateLock> Take(int dir_fd);
  UpdateLock(UpdateLock&&) noexcept = default;
  UpdateLock& operator=(UpdateLock&&) = delete;
  ~UpdateLock();

 private:
  UpdateLock(int dir_fd, UniqueFd file)
      : dir_fd_(dir_fd), file_(std::move(file)) {}

  int dir_fd_;
  UniqueFd file_;  // none if it was moved from
};

// Says whether id may name an update: 1 to 64 letters, digits, "-", "_", ".".
bool IsUpdateId(std::string_view id);

// Reads the text of a journal: a line "assayfs-update 1", a line "root PATH",
// then lines "add NAME", "installed NAME" and "remove NAME".
// Errors: EBADMSG with the number of the line. Threads: pure function.
Result<UpdateJournal> ParseUpdateJournal(std::string_view text);

// The inverse. Names and root must hold no line end. Threads: pure function.
std::string FormatUpdateJournal(const UpdateJournal& journal);

// Returns the ids of all updates that are under way in the folder behind
// dir_fd, sorted. Errors: as NamesIn.
Result<std::vector<std::string>> UpdatesUnderWay(int dir_fd);

// Reads the journal of an update; nothing if it is not under way.
// Errors: as ParseUpdateJournal; those of reading it.
Result<std::optional<UpdateJournal>> ReadUpdateJournal(int dir_fd,
                                                       const std::string& id);

// Writes it, all or nothing. Errors: as ReplaceFileAt.
Result<void> KeepUpdateJournal(int dir_fd, const std::string& id,
                               const UpdateJournal& journal);

// Takes it away. Errors: those of unlinkat(2).
Result<void> DropUpdateJournal(int dir_fd, const std::string& id);

}  // namespace assayfs
