// SPDX-License-Identifier: Apache-2.0
// Attributes, extended attributes and file system statistics of lower files.
//
// Threads: safe. Errors: those of the lower system calls, if not said.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "fs/inode_table.h"

namespace assayfs {

Result<struct stat> GetAttributes(const LowerRef& file);

// Returns info, which are attributes of file, as callers should see them: while
// reads are checked against content that was judged, the size is the size of
// that. So a file that is cut below ends in an error, not like a short file.
struct stat AttributesToShow(const LowerRef& file, struct stat info);

// What is to change. Times: tv_nsec may be UTIME_NOW.
struct AttributeChange {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<off_t> size_bytes;
  std::optional<mode_t> mode;
  std::optional<timespec> accessed;
  std::optional<timespec> modified;
};

// Changes owner, size, mode and times, in this order: the first two take
// set-user-ID bits away, and a size moves the time of modification. What was
// changed before an error stays changed.
// open_fd: a descriptor of the file open for writing, or -1.
Result<void> SetAttributes(const LowerRef& file, const AttributeChange& change,
                           int open_fd);

Result<struct statvfs> GetStatistics(const LowerRef& file);

// The extended attribute that holds the capabilities of a file.
inline constexpr char kCapabilityXattr[] = "security.capability";

// Extended attributes. The length is that of value; an empty span only asks for
// it. Errors: ERANGE if the span is too short; ENODATA for an ACL where the
// lower file system has none: the kernel asks for it when it checks
// permissions, and takes another error for a failure of that.
Result<std::size_t> GetXattr(const LowerRef& file, const char* name,
                             std::span<char> value);
// Returns the value of kCapabilityXattr. Errors: ERANGE if it has more bytes
// than any kernel wrote so far; those of getxattr(2).
Result<std::string> GetCapabilities(const LowerRef& file);
// Returns the names that are to be shown, each with a zero byte at its end.
// shows: says whether one is; asked for each, in their order.
Result<std::string> ListXattrs(
    const LowerRef& file,
    const std::function<bool(std::string_view name)>& shows);
// flags: as for setxattr(2).
Result<void> SetXattr(const LowerRef& file, const char* name,
                      std::span<const char> value, int flags);
Result<void> RemoveXattr(const LowerRef& file, const char* name);

}  // namespace assayfs
