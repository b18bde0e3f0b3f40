// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and writing on descriptors.
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace assayfs {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

Result<UniqueFd> OpenForReading(int dir_fd, const std::string& name,
                                Links links) {
  const int no_follow = links == Links::kRefuse ? O_NOFOLLOW : 0;
  UniqueFd fd(::openat(dir_fd, name.c_str(),
                       O_RDONLY | O_CLOEXEC | O_NONBLOCK | no_follow));
  if (!fd) return Fail(Error::FromErrno(name));
  return fd;
}

Result<UniqueFd> OpenInRoot(int root_fd, const std::string& path, int flags,
                            Links links) {
  // EAGAIN says that something was moved meanwhile, so that ".." might lead
  // out; it is about the moment and not about the path.
  constexpr int kTries = 100;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  if (links == Links::kRefuse) how.resolve |= RESOLVE_NO_SYMLINKS;
  UniqueFd fd;
  for (int i = 0; i < kTries && !fd && (i == 0 || errno == EAGAIN); ++i) {
    fd.Reset(static_cast<int>(
        ::syscall(SYS_openat2, root_fd, path.c_str(), &how, sizeof(how))));
  }
  if (!fd) return Fail(Error::FromErrno(path));
  return fd;
}

Result<ByteVector> ReadWholeFile(int fd, std::size_t max_bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(Error::FromErrno("fstat"));
  if (!S_ISREG(info.st_mode)) return Fail(EINVAL, "not a regular file");
  const auto too_large = [max_bytes] {
    return Fail(EFBIG, "larger than the limit of " + std::to_string(max_bytes) +
                           " bytes");
  };
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) return too_large();
  // One byte more than the size shows the end in the usual case; a file that
  // grows meanwhile is read on.
  ByteVector bytes(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t count =
        ::pread(fd, bytes.data() + filled, bytes.size() - filled,
                static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read"));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    if (filled > max_bytes) return too_large();
  }
  bytes.resize(filled);
  return bytes;
}

bool StartsWith(int fd, std::string_view bytes) {
  std::string start(bytes.size(), '\0');
  return ::pread(fd, start.data(), start.size(), 0) ==
             static_cast<ssize_t>(start.size()) &&
         start == bytes;
}

Result<ByteVector> ReadFileAt(int dir_fd, const std::string& name,
                              std::size_t max_bytes, Links links) {
  const auto fd = OpenForReading(dir_fd, name, links);
  if (!fd) return Fail(fd.error());
  auto bytes = ReadWholeFile(fd->get(), max_bytes);
  if (!bytes) return Fail(std::move(bytes).error().WithContext(name));
  return bytes;
}

Result<std::vector<std::string>> NamesIn(int dir_fd) {
  UniqueFd own(::openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return Fail(Error::FromErrno("open"));
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(own.get()));
  if (!dir) return Fail(Error::FromErrno("fdopendir"));
  [[maybe_unused]] const int owned_by_dir = own.Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return Fail(Error::FromErrno("readdir"));
  std::ranges::sort(names);
  return names;
}

Result<std::vector<std::string>> NamesIn(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  auto names = NamesIn(fd.get());
  if (!names) return Fail(std::move(names).error().WithContext(path));
  return names;
}

Result<void> WriteAll(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("write"));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> ReplaceFileAt(int dir_fd, const std::string& name, Bytes bytes,
                           unsigned mode) {
  const std::string temporary = "." + name + ".new";
  ::unlinkat(dir_fd, temporary.c_str(), 0);
  const UniqueFd fd(::openat(dir_fd, temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return Fail(Error::FromErrno(temporary));
  auto written = WriteAll(fd.get(), bytes);
  if (written && ::fsync(fd.get()) != 0) {
    written = Fail(Error::FromErrno("fsync"));
  }
  if (written &&
      ::renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) != 0) {
    written = Fail(Error::FromErrno("rename"));
  }
  if (!written) {
    ::unlinkat(dir_fd, temporary.c_str(), 0);
    return Fail(std::move(written).error().WithContext(name));
  }
  return {};
}

}  // namespace assayfs
