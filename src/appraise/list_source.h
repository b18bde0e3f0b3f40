// SPDX-License-Identifier: Apache-2.0
// ListSource: where digest lists come from, and one reading of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// What a policy may ask of the file that a list is.
struct ListFile {
  uid_t owner = 0;
  gid_t group = 0;
  std::uint32_t fs_magic = 0;  // of its file system, as statfs(2) has it

  bool operator==(const ListFile&) const = default;
};

// Describes an open file; nothing if that fails. fd: borrowed.
std::optional<ListFile> DescribeListFile(int fd);

// A list as its source gives it; nothing is checked yet.
struct RawList {
  std::string name;    // decides format and order, see lists/list_name.h
  std::string origin;  // full path or label, for people and for measurement
  Result<ByteVector> bytes;  // payload and appended signature, or why not
  // Of a list in a database, the folder of that. Nothing if it is not known.
  std::optional<ListFile> file = {};
};

// A folder of lists, or one list file: only path is set. For anything else,
// read returns all lists at once and path is the folder whose changes mean
// that it must be called again.
struct ListSource {
  std::string path;   // absolute
  std::string label;  // how messages call it, such as "rpmdb:/"
  std::function<Result<std::vector<RawList>>()> read;
};

// Reads every list of a source, in loading order, and hands each to visit, so
// that not more than one of them need be in memory. In a folder, names that
// begin with a dot and what is not a regular file (or a link to one) are left
// out, as is a link to another name of the folder (see AliasTarget); every
// other file counts as a list, so that a wrong name is reported.
// A file that cannot be read, or is over kMaxListBytes, has the error in its
// bytes and does not stop the others.
// knows: asked for each name in a folder when its turn has come, may be null; a
// list that it says true for is neither read nor visited.
// Errors: those of opening or listing path, with it as context; nothing was
// visited then.
Result<void> VisitSource(
    const ListSource& source, const std::function<void(RawList)>& visit,
    const std::function<bool(const std::string&)>& knows = {});

// Reads the list at path; see VisitSource. name: of the list.
RawList ReadList(const std::string& path, const std::string& name);

// VisitSource, all lists at once.
Result<std::vector<RawList>> ReadSource(const ListSource& source);

// Returns the same error with a message that begins with the reason for which a
// list that could not be read is refused, see check_list.h.
Error ReadingFailed(const Error& error);

// Returns the other name in the same folder that a symbolic link leads to, as
// those do that keep the old name of a list that was numbered; nothing for what
// is no such link. Names that begin with a dot do not count. Whether the other
// name exists is not looked at.
std::optional<std::string> AliasTarget(int dir_fd, const std::string& name);

// Returns the names in a folder that count as lists, in loading order.
// Errors: those of opening and reading the folder, with path as context.
Result<std::vector<std::string>> ListNames(const std::string& path);

}  // namespace assayfs
