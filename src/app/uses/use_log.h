// SPDX-License-Identifier: Apache-2.0
// UseLog: what a mount was asked, as lines of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "policy/match.h"

namespace assayfs {

// One use of one content, however often it came. Whatever a policy can ask of
// it is in use; what is not known is left out there.
struct LoggedUse {
  // Its first path is that in the tree. It has none if no policy may rely on
  // what the file seemed to be called.
  Use use;
  std::string seeming;          // that path, then
  std::vector<Digest> digests;  // of the content; none if it was not read
  std::uint32_t mode = 0;       // st_mode of the file
  std::string verdict;          // as VerdictName, at the time
  std::string reason;           // as ReasonName

  // In the tree; for people, and for finding what lists say of it.
  const std::string& path() const {
    const auto& paths = use.texts[static_cast<std::size_t>(TextFact::kPath)];
    return paths.empty() ? seeming : paths.front();
  }
};

// One line without a newline. Grammar (JSON): an object with "path" and, where
// they are known, "system_path", "mask", "uid", "euid", "gid", "egid", "exe",
// "container", "fowner", "fgroup", "mode", "fsmagic", "fsname", "fs_subtype",
// "fsuuid", "elf", "digests" (an array of "ALGORITHM:HEX"), "verdict" and
// "reason"; "seeming" true if a policy may not rely on the path. Bytes of paths
// that are not UTF-8, and "%", are written "%XX". REQUIRES: a path. Threads:
// pure function.
std::string WriteUse(const LoggedUse& use);

// What every line of WriteUse begins with.
inline constexpr std::string_view kUseBegins = R"({"path":"/)";

// Reads a line of a record, or one of those that a mount writes of a denial
// ("would deny /a for read by uid 5: unknown-content (sha256:...)"), with
// anything before it.
// Returns nothing for a line that is neither. Threads: pure function.
std::optional<LoggedUse> ReadUse(std::string_view line);

}  // namespace assayfs
