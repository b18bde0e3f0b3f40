// SPDX-License-Identifier: Apache-2.0
// Comparing a file with what a header says of it, as `rpm -V` does.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "appraise/accounts.h"
#include "crypto/digest.h"
#include "lists/rpm_file_metadata.h"

namespace assayfs {

// What was found under a path. What no test needs may be missing.
struct FoundFile {
  struct stat info {};  // as lstat(2) has it
  // Of the folder that a link leads to.
  std::optional<struct stat> folder_behind;
  std::optional<std::string> link_target;  // nothing: could not be read
  // Of the whole content, in any order; those that could not be computed are
  // missing.
  std::vector<Digest> digests;
  std::optional<std::string> capabilities;  // as CapabilitiesOf
};

// Returns the tests, as RpmVerifyFlag, that a file of this st_mode is put to:
// those of the header that make sense for its type, and always the target of a
// link. Content, size, time and target of a ghost are not tested.
std::uint32_t TestsOf(const RpmFileMetadata& expected, mode_t mode);

// Returns nine marks in rpm's order, SM5DLUGTP: "." for a test that passed or
// was not made, "?" for one that could not be made, else the letter for what
// differs: size, mode and type, digest, device, link target, user, group, time
// of change, capabilities. A link to a folder passes for a folder if it is of
// root or of the folder's user.
// Threads: pure function.
std::string MarksOf(const RpmFileMetadata& expected, const FoundFile& found,
                    const Owners& owners);

// What MarksOf returns if nothing differs.
inline constexpr const char* kNoMarks = ".........";
// Where the mark for the time of change is.
inline constexpr std::size_t kMtimeMark = 7;

// Returns the letter that rpm puts between marks and path: d, c, s, m, n, g, l,
// r or a, the first that applies; a space if none does.
char AttributeLetter(std::uint32_t flags);

}  // namespace assayfs
