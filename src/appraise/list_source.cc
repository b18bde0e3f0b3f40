// SPDX-License-Identifier: Apache-2.0
// ListSource: reading a folder or a file of lists.
#include "appraise/list_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "base/files.h"
#include "base/unique_fd.h"
#include "lists/digest_list.h"
#include "lists/list_name.h"

namespace assayfs {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

Result<std::vector<std::string>> ListNames(const std::string& path) {
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (!dir) return Fail(Error::FromErrno(path));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string name = entry->d_name;
    struct stat info {};
    const bool other =
        ::fstatat(::dirfd(dir.get()), name.c_str(), &info, 0) == 0 &&
        !S_ISREG(info.st_mode);
    if (!name.starts_with('.') && !other) names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return Fail(Error::FromErrno(path));
  std::ranges::sort(names, LoadsBefore);
  return names;
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
    visit({source.path.substr(slash + 1), source.path,
           ReadWholeFile(fd.get(), kMaxListBytes)});
    return {};
  }
  const auto names = ListNames(source.path);
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (knows && knows(name)) continue;
    const std::string path = source.path + "/" + name;
    visit({name, path, ReadFileAt(AT_FDCWD, path, kMaxListBytes)});
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
