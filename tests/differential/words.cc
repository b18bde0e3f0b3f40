// SPDX-License-Identifier: Apache-2.0
// Values as text.
#include "words.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace assayfs::differential {
namespace {

std::string Number(std::uint64_t value, unsigned base) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[value % base]);
    value /= base;
  } while (value != 0);
  return text;
}

void AppendEscaped(std::string& text, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      text += c;
    } else {
      text += "\\x";
      if (byte < 0x10) text += '0';
      text += Number(byte, 16);
    }
  }
}

}  // namespace

std::string Quoted(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  std::string quoted = "\"";
  if (text.size() <= kLongest) {
    AppendEscaped(quoted, text);
    return quoted + "\"";
  }
  AppendEscaped(quoted, text.substr(0, 8));
  return quoted + "...\"(" + std::to_string(text.size()) + " bytes)";
}

std::string Octal(std::uint64_t number) { return "0" + Number(number, 8); }

std::string Content(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  std::string text = std::to_string(bytes.size()) + " bytes ";
  if (bytes.size() > 16) text += Number(hash, 16) + " ";
  text += "\"";
  AppendEscaped(text, bytes.substr(0, 16));
  return text + "\"";
}

std::string ErrnoName(int code) {
  const char* name = ::strerrorname_np(code);
  return name != nullptr ? name : std::to_string(code);
}

std::string Flags(std::uint64_t flags, const std::vector<FlagName>& names) {
  std::string text;
  for (const FlagName& flag : names) {
    if ((flags & flag.bits) != flag.bits) continue;
    text += (text.empty() ? "" : "|") + std::string(flag.name);
    flags &= ~flag.bits;
  }
  if (flags != 0) text += (text.empty() ? "0x" : "|0x") + Number(flags, 16);
  return text.empty() ? "0" : text;
}

std::string OpenFlags(int flags) {
  constexpr std::array<const char*, 4> kAccess = {"O_RDONLY", "O_WRONLY",
                                                  "O_RDWR", "O_ACCMODE"};
  const int rest = flags & ~O_ACCMODE;
  std::string text = kAccess.at(static_cast<std::size_t>(flags & O_ACCMODE));
  if (rest == 0) return text;
  return text + "|" +
         Flags(static_cast<std::uint64_t>(rest), {{O_TMPFILE, "O_TMPFILE"},
                                                  {O_SYNC, "O_SYNC"},
                                                  {O_DSYNC, "O_DSYNC"},
                                                  {O_CREAT, "O_CREAT"},
                                                  {O_EXCL, "O_EXCL"},
                                                  {O_TRUNC, "O_TRUNC"},
                                                  {O_APPEND, "O_APPEND"},
                                                  {O_DIRECTORY, "O_DIRECTORY"},
                                                  {O_NOFOLLOW, "O_NOFOLLOW"},
                                                  {O_PATH, "O_PATH"},
                                                  {O_NOATIME, "O_NOATIME"},
                                                  {O_NONBLOCK, "O_NONBLOCK"}});
}

std::string Time(const struct timespec& time) {
  constexpr std::int64_t kWeek = 7 * 24 * 3600;
  const std::int64_t away = std::int64_t{time.tv_sec} - ::time(nullptr);
  if (std::abs(away) < kWeek) return "now";
  return std::to_string(time.tv_sec) + "s" + std::to_string(time.tv_nsec);
}

std::string Attributes(const struct stat& info, Blocks blocks) {
  std::string text = Octal(info.st_mode) + " " + std::to_string(info.st_uid) +
                     ":" + std::to_string(info.st_gid) + " links " +
                     std::to_string(info.st_nlink) + " size " +
                     std::to_string(info.st_size) + " unit " +
                     std::to_string(info.st_blksize);
  if (blocks == Blocks::kShow || !S_ISREG(info.st_mode)) {
    text += " blocks " + std::to_string(info.st_blocks);
  }
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
    text += " device " + std::to_string(major(info.st_rdev)) + ":" +
            std::to_string(minor(info.st_rdev));
  }
  // Two words for one time: what holds for one need not for the other.
  text += S_ISDIR(info.st_mode) ? " listed " : " read ";
  return text + Time(info.st_atim) + " changed " + Time(info.st_mtim);
}

}  // namespace assayfs::differential
