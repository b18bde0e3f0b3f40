// SPDX-License-Identifier: Apache-2.0
// Reading lists, folders, RPM databases and packages.
#include "app/lists/lists_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/lists/list_sources.h"
#include "base/files.h"
#include "lists/appended_signature.h"
#include "lists/digest_list.h"

namespace assayfs {
namespace {

constexpr std::size_t kLeadBytes = 96;
// Headers of nearly all packages fit into this many bytes.
constexpr std::size_t kFirstReadBytes = std::size_t{1} << 20;
// Lead, signature header and the largest main header accepted.
constexpr std::size_t kMaxReadBytes = kMaxListBytes + kFirstReadBytes;

// A log of a million files is about half as large.
constexpr std::size_t kMaxInputBytes = std::size_t{256} << 20;
// PATH_MAX of Linux.
constexpr std::size_t kMaxPathBytes = 4096;

// Reads up to count bytes from the start of the file.
Result<ByteVector> ReadStart(int fd, std::size_t count) {
  ByteVector bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::pread(fd, bytes.data() + filled, count - filled,
                                static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(Error::FromErrno("read"));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// Reads from fd, of any kind, up to its end; waits for what comes late.
Result<ByteVector> ReadToEnd(int fd) {
  ByteVector bytes(std::size_t{64} << 10);
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got =
        ::read(fd, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(Error::FromErrno("read"));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > kMaxInputBytes) {
      return Fail(EFBIG, "larger than the limit of 256 MiB");
    }
  }
  bytes.resize(filled);
  return bytes;
}

Result<SignedHeader> ParseStart(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Fail(Error::FromErrno("fstat"));
  if (!S_ISREG(info.st_mode)) return Fail(EINVAL, "not a regular file");
  const auto size = static_cast<std::size_t>(info.st_size);
  auto bytes = ReadStart(fd, std::min(size, kFirstReadBytes));
  if (!bytes) return Fail(bytes.error());
  auto package = ParseRpmPackage(*bytes);
  if (package || size <= kFirstReadBytes) return package;
  // The headers may be longer than the first read.
  bytes = ReadStart(fd, std::min(size, kMaxReadBytes));
  if (!bytes) return Fail(bytes.error());
  return ParseRpmPackage(*bytes);
}

std::string PackageListName(const std::string& path) {
  std::string name = std::filesystem::path(path).filename();
  if (name.ends_with(".rpm")) name.resize(name.size() - 4);
  return "rpm-" + name;
}

RawList ReadPackageList(const std::string& path) {
  const auto package = ReadPackage(path);
  if (!package) {
    const bool malformed = package.error().code() == EBADMSG;
    return {PackageListName(path), path,
            Fail(malformed ? package.error() : ReadingFailed(package.error()))};
  }
  const auto fd = OpenForReading(AT_FDCWD, path);
  return {PackageListName(path), path, ListBytes(*package),
          fd ? DescribeListFile(fd->get()) : std::nullopt};
}

}  // namespace

bool IsPackageFile(const std::string& path) {
  const auto fd = OpenForReading(AT_FDCWD, path);
  if (!fd) return false;
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const auto lead = ReadStart(fd->get(), kLeadBytes);
  return lead && LooksLikeRpmPackage(*lead);
}

Result<SignedHeader> ReadPackage(const std::string& path) {
  const auto fd = OpenForReading(AT_FDCWD, path);
  if (!fd) {
    const int code = fd.error().code();
    return Fail(code, std::generic_category().message(code));
  }
  return ParseStart(fd->get());
}

ByteVector ListBytes(const SignedHeader& package) {
  if (package.signatures.empty()) return package.header;
  return AppendSignature(package.header, SignatureFormat::kOpenPgp,
                         package.signatures);
}

Result<std::vector<RawList>> ReadLists(
    const std::vector<std::string>& arguments) {
  std::vector<RawList> lists;
  for (const std::string& argument : arguments) {
    if (IsPackageFile(argument)) {
      lists.push_back(ReadPackageList(argument));
      continue;
    }
    const auto sources = MakeListSources({argument});
    if (!sources) return Fail(sources.error());
    auto found = ReadSource(sources->front());
    if (!found) return Fail(found.error());
    for (RawList& list : *found) {
      // A package may be larger than any list, so its bytes may be missing.
      const bool package =
          list.name.ends_with(".rpm") && IsPackageFile(list.origin);
      lists.push_back(package ? ReadPackageList(list.origin) : std::move(list));
    }
  }
  return lists;
}

Result<ByteVector> ReadInput(const std::string& path) {
  if (path == "-") return ReadToEnd(STDIN_FILENO);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(errno, std::generic_category().message(errno));
  return ReadToEnd(fd.get());
}

Result<std::vector<std::string>> SplitPaths(std::string_view text) {
  const char end = text.find('\0') == std::string_view::npos ? '\n' : '\0';
  std::vector<std::string> paths;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto length = std::min(text.find(end), text.size());
    if (length > kMaxPathBytes) {
      return Fail(ENAMETOOLONG, "path " + std::to_string(number) +
                                    " is longer than 4096 bytes");
    }
    if (length > 0) paths.emplace_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return paths;
}

bool WasUnreadable(const RawList& raw) {
  if (raw.bytes) return false;
  const int code = raw.bytes.error().code();
  return code != EFBIG && code != EINVAL && code != EBADMSG;
}

}  // namespace assayfs
