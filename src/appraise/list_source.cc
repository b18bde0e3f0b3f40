// SPDX-License-Identifier: Apache-2.0
// ListSource: reading a folder or a file of lists.
#include "appraise/list_source.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/files.h"
#include "base/unique_fd.h"
#include "lists/digest_list.h"
#include "lists/list_name.h"

namespace assayfs {
namespace {

// Says whether an entry does not count as a list. Of a link to another name of
// the folder only that other name counts, or it would load twice; one that
// leads nowhere is reported like any list that cannot be read.
bool IsLeftOut(int dir_fd, const std::string& name) {
  if (name.starts_with('.')) return true;
  struct stat info {};
  if (::fstatat(dir_fd, name.c_str(), &info, 0) != 0) return false;
  return !S_ISREG(info.st_mode) || AliasTarget(dir_fd, name).has_value();
}

RawList ReadOpenList(int fd, const std::string& path, const std::string& name) {
  RawList raw{name, path,
              ReadWholeFile(fd, kMaxListBytes).map_error(ReadingFailed)};
  raw.file = DescribeListFile(fd);
  return raw;
}

}  // namespace

std::optional<ListFile> DescribeListFile(int fd) {
  struct stat info {};
  struct statfs system {};
  if (::fstat(fd, &info) != 0 || ::fstatfs(fd, &system) != 0) {
    return std::nullopt;
  }
  return ListFile{info.st_uid, info.st_gid,
                  static_cast<std::uint32_t>(system.f_type)};
}

Error ReadingFailed(const Error& error) {
  if (error.code() == EFBIG) {
    return {EFBIG,
            "too large: more than " + std::to_string(kMaxListBytes) + " bytes"};
  }
  return {error.code(),
          "unreadable: " + std::generic_category().message(error.code())};
}

std::optional<std::string> AliasTarget(int dir_fd, const std::string& name) {
  // One byte more than a name may have shows what is too long for one.
  std::array<char, NAME_MAX + 1> buffer{};
  const ssize_t size =
      ::readlinkat(dir_fd, name.c_str(), buffer.data(), buffer.size());
  if (size <= 0 || size > NAME_MAX) return std::nullopt;
  std::string target(buffer.data(), static_cast<std::size_t>(size));
  if (target.starts_with('.') || target.find('/') != std::string::npos) {
    return std::nullopt;
  }
  return target;
}

Result<std::vector<std::string>> ListNames(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(path));
  auto names = NamesIn(fd.get());
  if (!names) return Fail(Error(names.error()).WithContext(path));
  std::erase_if(*names, [&fd](const std::string& name) {
    return IsLeftOut(fd.get(), name);
  });
  std::ranges::sort(*names, LoadsBefore);
  return names;
}

RawList ReadList(const std::string& path, const std::string& name) {
  const auto fd = OpenForReading(AT_FDCWD, path);
  if (fd) return ReadOpenList(fd->get(), path, name);
  return {name, path, Fail(ReadingFailed(fd.error()))};
}

Result<void> VisitSource(const ListSource& source,
                         const std::function<void(RawList)>& visit,
                         const std::function<bool(const std::string&)>& knows) {
  if (source.read) {
    auto lists = source.read();
    if (!lists) return Fail(std::move(lists).error());
    for (RawList& list : *lists) visit(std::move(list));
    return {};
  }
  const UniqueFd fd(
      ::open(source.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return Fail(Error::FromErrno(source.path));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    return Fail(Error::FromErrno(source.path));
  }
  if (!S_ISDIR(info.st_mode)) {
    const auto slash = source.path.rfind('/');
    visit(ReadOpenList(fd.get(), source.path, source.path.substr(slash + 1)));
    return {};
  }
  const auto names = ListNames(source.path);
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (knows && knows(name)) continue;
    visit(ReadList(source.path + "/" + name, name));
  }
  return {};
}

Result<std::vector<RawList>> ReadSource(const ListSource& source) {
  std::vector<RawList> lists;
  auto visited = VisitSource(
      source, [&](RawList list) { lists.push_back(std::move(list)); });
  if (!visited) return Fail(std::move(visited).error());
  return lists;
}

}  // namespace assayfs
