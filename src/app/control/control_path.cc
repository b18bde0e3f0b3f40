// SPDX-License-Identifier: Apache-2.0
// Where control sockets and logs are, if nobody says otherwise.
#include "app/control/control_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

namespace assayfs {
namespace {

// A socket address holds 108 bytes; the folder needs its share.
constexpr std::size_t kMaxNameBytes = 80;

bool IsPlain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == ':' || letter == '_' ||
         letter == '.';
}

// Makes the folder if it is missing, and says whether it is safe to use: ours
// or root's, and writable to us alone.
bool MakeFolder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return false;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return false;
  return info.st_uid == ::geteuid() && (info.st_mode & 022) == 0 &&
         ::access(path.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

std::string EscapePath(std::string_view path) {
  std::string out;
  const auto append = [&out](char letter) {
    const bool leading_dot = letter == '.' && out.empty();
    if (IsPlain(letter) && !leading_dot) {
      out += letter;
    } else {
      out += "\\x" + ToHex(AsBytes({&letter, 1}));
    }
  };
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size()
                                                       : slash + 1);
    if (part.empty()) continue;
    if (!out.empty()) out += '-';
    for (const char letter : part) append(letter);
  }
  return out.empty() ? "-" : out;
}

std::string ControlPath(std::string_view folder, std::string_view mount_point) {
  std::string name = EscapePath(mount_point);
  if (name.size() > kMaxNameBytes) {
    // 64-bit FNV-1a keeps names apart that begin alike.
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char letter : name) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
    }
    name.resize(kMaxNameBytes - 24);
    name += "..." + std::to_string(hash);
  }
  return std::string(folder) + "/" + name + ".sock";
}

std::vector<std::string> RuntimeFolders() {
  std::vector<std::string> folders = {"/run/assayfs"};
  if (const char* own = std::getenv("XDG_RUNTIME_DIR");
      own != nullptr && *own == '/') {
    folders.push_back(std::string(own) + "/assayfs");
  }
  folders.push_back("/tmp/assayfs-" + std::to_string(::geteuid()));
  return folders;
}

Result<std::string> MakeRuntimeFolder() {
  const auto folders = RuntimeFolders();
  for (const std::string& folder : folders) {
    const mode_t mode = folder == folders.front() ? 0755 : 0700;
    if (MakeFolder(folder, mode)) return folder;
  }
  return Fail(EACCES, "no folder for run-time files (tried " + folders.front() +
                          " to " + folders.back() +
                          "); name files with --log-file and --control");
}

}  // namespace assayfs
