// SPDX-License-Identifier: Apache-2.0
// MountTable: what /proc/PID/mountinfo says.
#include "app/settings/mount_table.h"

#include <fcntl.h>

#include <algorithm>

#include "base/files.h"
#include "base/numbers.h"

namespace assayfs {
namespace {

bool IsOctal(char digit) { return digit >= '0' && digit <= '7'; }

// Undoes \ooo, which mountinfo uses for blanks and backslashes.
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && text.size() - at > 3 && IsOctal(text[at + 1]) &&
        IsOctal(text[at + 2]) && IsOctal(text[at + 3])) {
      out += static_cast<char>((text[at + 1] - '0') * 64 +
                               (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
      at += 3;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto word = line.substr(0, line.find(' '));
    words.push_back(word);
    line.remove_prefix(std::min(word.size() + 1, line.size()));
  }
  return words;
}

std::uint64_t Number(std::string_view word) {
  return ParseNumber<std::uint64_t>(word).value_or(0);
}

}  // namespace

MountTable ParseMountTable(std::string_view text) {
  MountTable table;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    // ID PARENT DEVICE ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS
    const auto words = Words(line);
    const auto dash = std::ranges::find(words, "-");
    if (dash - words.begin() < 6 || words.end() - dash < 3) continue;
    table.push_back({.id = Number(words[0]),
                     .parent = Number(words[1]),
                     .device = std::string(words[2]),
                     .root = Unescape(words[3]),
                     .mount_point = Unescape(words[4]),
                     .type = std::string(dash[1]),
                     .source = Unescape(dash[2])});
  }
  return table;
}

Result<MountTable> ReadMountTable(int mountinfo_fd) {
  // Not ReadWholeFile: files of /proc have no size.
  std::string text;
  std::string piece(1 << 16, '\0');
  while (true) {
    const ssize_t count = ::pread(mountinfo_fd, piece.data(), piece.size(),
                                  static_cast<off_t>(text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("mountinfo"));
    if (count == 0) return ParseMountTable(text);
    text.append(piece, 0, static_cast<std::size_t>(count));
  }
}

Result<MountTable> ReadOwnMountTable() {
  const auto fd = OpenForReading(AT_FDCWD, "/proc/self/mountinfo");
  if (!fd) return Fail(fd.error());
  return ReadMountTable(fd->get());
}

const MountEntry* FindMountPoint(const MountTable& table,
                                 std::string_view path) {
  const auto last = std::find_if(
      table.rbegin(), table.rend(),
      [path](const MountEntry& entry) { return entry.mount_point == path; });
  return last == table.rend() ? nullptr : &*last;
}

const MountEntry* FindMountOf(const MountTable& table, std::string_view path) {
  const MountEntry* best = nullptr;
  for (const MountEntry& entry : table) {
    if (!IsWithin(entry.mount_point, path)) continue;
    if (best == nullptr ||
        entry.mount_point.size() >= best->mount_point.size()) {
      best = &entry;
    }
  }
  return best;
}

bool IsWithin(std::string_view folder, std::string_view path) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string PathBelow(std::string_view folder, std::string_view path) {
  if (folder != "/") path.remove_prefix(std::min(folder.size(), path.size()));
  return path.empty() ? "/" : std::string(path);
}

}  // namespace assayfs
