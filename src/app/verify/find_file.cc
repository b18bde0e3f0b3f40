// SPDX-License-Identifier: Apache-2.0
// Looking at files of a tree: each is reached once, by an O_PATH descriptor.
#include "app/verify/find_file.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "appraise/file_capabilities.h"
#include "base/files.h"
#include "base/reopen.h"
#include "crypto/file_hash.h"

namespace assayfs {
namespace {

std::optional<std::string> ReadLink(int fd) {
  // A longer target than any path may be is cut, and equals none.
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(fd, "", target.data(), target.size());
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

Needs NeedsOf(const struct stat& info,
              std::span<const RpmFileMetadata* const> expectations) {
  Needs needs;
  for (const RpmFileMetadata* expected : expectations) {
    const std::uint32_t tests = TestsOf(*expected, info.st_mode);
    if ((tests & kRpmVerifyCapabilities) != 0) needs.capabilities = true;
    if ((tests & kRpmVerifyDigest) == 0 || !expected->digest) continue;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (expected->size_bytes != size) continue;
    const HashAlgorithm algorithm = expected->digest->algorithm();
    if (std::ranges::find(needs.algorithms, algorithm) ==
        needs.algorithms.end()) {
      needs.algorithms.push_back(algorithm);
    }
  }
  return needs;
}

void ReadContent(int place, const Needs& needs, FoundFile& found) {
  if (needs.algorithms.empty() && !needs.capabilities) return;
  const auto fd = ReopenUnseen(place);
  if (!fd) return;
  if (needs.capabilities) {
    auto capabilities = CapabilitiesOf(fd->get());
    if (capabilities) found.capabilities = std::move(*capabilities);
  }
  if (needs.algorithms.empty()) return;
  auto digests = DigestFile(fd->get(), needs.algorithms,
                            static_cast<std::uint64_t>(found.info.st_size));
  if (digests) found.digests = std::move(*digests);
}

}  // namespace

Result<FoundFile> FindFile(
    int root_fd, const std::string& path,
    std::span<const RpmFileMetadata* const> expectations) {
  const auto place =
      OpenInRoot(root_fd, path, O_PATH | O_NOFOLLOW, Links::kFollow);
  if (!place) return Fail(place.error());
  FoundFile found;
  if (::fstat(place->get(), &found.info) != 0) {
    return Fail(Error::FromErrno(path));
  }
  if (S_ISLNK(found.info.st_mode)) {
    found.link_target = ReadLink(place->get());
    const bool folder =
        std::ranges::any_of(expectations, [](const RpmFileMetadata* expected) {
          return S_ISDIR(expected->mode);
        });
    if (folder) found.folder_behind = FolderBehind(root_fd, path);
  }
  if (S_ISREG(found.info.st_mode)) {
    ReadContent(place->get(), NeedsOf(found.info, expectations), found);
  }
  return found;
}

}  // namespace assayfs
