// SPDX-License-Identifier: Apache-2.0
// UpdateJournal: what an update of lists has still to settle.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assayfs {

// Kept as file ".update" in the folder of the lists from the begin of an update
// to its end, so that one that was killed can be gone on with, ended or
// aborted. Names are without numbers.
struct UpdateJournal {
  // Of the system whose RPM database says which packages are installed.
  std::string root;
  std::set<std::string> added;      // lists that the update brought
  std::set<std::string> installed;  // of packages installed when it began
  std::set<std::string> removed;    // told to go when it ends
};

// Reads the text of a journal: a line "assayfs-update 1", then lines
// "root PATH", "add NAME", "installed NAME" and "remove NAME".
// Errors: EBADMSG with the number of the line. Threads: pure function.
Result<UpdateJournal> ParseUpdateJournal(std::string_view text);

// The inverse. No value may hold a line end. Threads: pure function.
std::string FormatUpdateJournal(const UpdateJournal& journal);

// Reads the journal of the folder behind dir_fd; nothing if there is none.
// Errors: as ParseUpdateJournal; those of reading it.
Result<std::optional<UpdateJournal>> ReadUpdateJournal(int dir_fd);

// Writes it, all or nothing, and waits until it and its name are on disk.
// Errors: as ReplaceFileAt; those of fsync(2).
Result<void> KeepUpdateJournal(int dir_fd, const UpdateJournal& journal);

// Takes it away. Errors: those of unlinkat(2) and fsync(2).
Result<void> DropUpdateJournal(int dir_fd);

}  // namespace assayfs
