// SPDX-License-Identifier: Apache-2.0
// Looking at files of a tree.
#include "app/verify/find_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "appraise/file_capabilities.h"
#include "base/files.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

// One place in a tree. A name without a slash leads nowhere else, unless it is
// "", "." or "..".
struct Place {
  int folder_fd;
  const char* name;
};

bool IsOwnName(std::string_view name) {
  return !name.empty() && name != "." && name != "..";
}

std::optional<std::string> ReadLink(const Place& place) {
  // A longer target than any path may be is cut, and equals none.
  std::array<char, PATH_MAX> target{};
  const ssize_t length =
      ::readlinkat(place.folder_fd, place.name, target.data(), target.size());
  if (length < 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(length));
}

std::optional<struct stat> FolderBehind(int root_fd, const std::string& path) {
  const auto folder =
      OpenInRoot(root_fd, path, O_PATH | O_DIRECTORY, Links::kFollow);
  struct stat info {};
  if (!folder || ::fstat(folder->get(), &info) != 0) return std::nullopt;
  return info;
}

// What has to be read of a regular file.
struct Needs {
  std::vector<HashAlgorithm> algorithms;
  bool capabilities = false;
};

void AddOnce(HashAlgorithm algorithm, std::vector<HashAlgorithm>& all) {
  if (!std::ranges::count(all, algorithm)) all.push_back(algorithm);
}

Needs NeedsOf(const struct stat& info,
              std::span<const RpmFileMetadata* const> expectations,
              const std::vector<HashAlgorithm>& also) {
  Needs needs;
  for (const RpmFileMetadata* expected : expectations) {
    const std::uint32_t tests = TestsOf(*expected, info.st_mode);
    if ((tests & kRpmVerifyCapabilities) != 0) needs.capabilities = true;
    if ((tests & kRpmVerifyDigest) == 0 || !expected->digest) continue;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (expected->size_bytes != size) continue;
    AddOnce(expected->digest->algorithm(), needs.algorithms);
  }
  if (needs.algorithms.empty()) return needs;
  for (const HashAlgorithm algorithm : also) {
    AddOnce(algorithm, needs.algorithms);
  }
  return needs;
}

// Opens what was a regular file a moment ago. Anything else is not waited for.
UniqueFd OpenUnseen(const Place& place) {
  constexpr int kFlags =
      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  UniqueFd fd(::openat(place.folder_fd, place.name, kFlags | O_NOATIME));
  if (fd || errno != EPERM) return fd;  // only the owner may set no time
  return UniqueFd(::openat(place.folder_fd, place.name, kFlags));
}

void ReadContent(const Place& place, const Needs& needs, FoundFile& found) {
  if (needs.algorithms.empty() && !needs.capabilities) return;
  const UniqueFd fd = OpenUnseen(place);
  struct stat opened {};
  if (!fd || ::fstat(fd.get(), &opened) != 0) return;
  found.info = opened;
  if (!S_ISREG(opened.st_mode)) return;
  if (needs.capabilities) {
    auto capabilities = CapabilitiesOf(fd.get());
    if (capabilities) found.capabilities = std::move(*capabilities);
  }
  if (needs.algorithms.empty()) return;
  auto digests = DigestFile(fd.get(), needs.algorithms,
                            static_cast<std::uint64_t>(opened.st_size));
  if (digests) found.digests = std::move(*digests);
}

}  // namespace

Result<void> FileFinder::Enter(std::string_view folder) {
  if (folder_fd_ && folder == folder_) return {};
  auto fd = OpenInRoot(root_fd_, "/" + std::string(folder),
                       O_PATH | O_DIRECTORY, Links::kFollow);
  if (!fd) return Fail(fd.error());
  folder_fd_ = std::move(*fd);
  folder_ = folder;
  return {};
}

Result<FoundFile> FileFinder::Find(
    const std::string& path,
    std::span<const RpmFileMetadata* const> expectations) {
  if (path.empty()) return Fail(ENOENT, "a path without a name");
  // Where the name begins; where it is none of its own, the path is a folder.
  std::size_t name_at = path.rfind('/') + 1;  // 0 if there is no slash
  if (!IsOwnName(std::string_view(path).substr(name_at))) {
    name_at = path.size();
  }
  const auto entered = Enter(std::string_view(path).substr(0, name_at));
  if (!entered) return Fail(Error(entered.error().code(), path));
  const Place place{folder_fd_.get(), path.c_str() + name_at};
  FoundFile found;
  if (::fstatat(place.folder_fd, place.name, &found.info,
                AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) {
    return Fail(Error::FromErrno(path));
  }
  if (S_ISLNK(found.info.st_mode)) {
    found.link_target = ReadLink(place);
    const bool folder =
        std::ranges::any_of(expectations, [](const RpmFileMetadata* expected) {
          return S_ISDIR(expected->mode);
        });
    if (folder) found.folder_behind = FolderBehind(root_fd_, path);
  }
  if (S_ISREG(found.info.st_mode)) {
    ReadContent(place, NeedsOf(found.info, expectations, also_), found);
  }
  return found;
}

}  // namespace assayfs
