// SPDX-License-Identifier: Apache-2.0
// Numbers in front of the names of lists: planning and renaming.
#include "app/list_names/list_numbers.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/list_update/update_journal.h"
#include "appraise/list_source.h"
#include "base/files.h"
#include "base/unique_fd.h"
#include "lists/list_name.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

struct List {
  std::string name;    // as it is
  std::string wanted;  // as it is to be
};

struct Folder {
  UniqueFd fd;
  std::optional<UpdateLock> lock;            // no update begins meanwhile
  std::set<std::string> names;               // all that are not hidden
  std::map<std::string, std::string> links;  // to names of the same folder
  std::map<std::string, List> lists;         // by name without number
};

tl::unexpected<Error> InTheWay(const std::string& what,
                               const std::string& why) {
  return Fail(EEXIST, what + ": " + why + "; nothing was changed");
}

bool IsList(int dir_fd, const std::string& name) {
  struct stat info {};
  return ParseListName(name) &&
         ::fstatat(dir_fd, name.c_str(), &info, 0) == 0 &&
         S_ISREG(info.st_mode);
}

Result<Folder> ReadFolder(const std::string& path) {
  Folder folder;
  folder.fd.Reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.fd) return Fail(Error::FromErrno(path));
  const auto names = NamesIn(folder.fd.get());
  if (!names) return Fail(Error(names.error()).WithContext(path));
  for (const std::string& name : *names) {
    if (!name.starts_with('.')) folder.names.insert(name);
  }
  auto lock = UpdateLock::Take(folder.fd.get());
  if (!lock) return Fail(std::move(lock).error().WithContext(path));
  folder.lock.emplace(std::move(*lock));
  const auto updates = UpdatesUnderWay(folder.fd.get());
  if (!updates) return Fail(Error(updates.error()).WithContext(path));
  if (!updates->empty()) {
    return InTheWay("update " + updates->front(), "under way");
  }
  for (const std::string& name : folder.names) {
    if (auto target = AliasTarget(folder.fd.get(), name)) {
      folder.links.emplace(name, std::move(*target));
    } else if (IsList(folder.fd.get(), name)) {
      const std::string base = WithoutNumber(name);
      const auto [other, fresh] = folder.lists.emplace(base, List{name, base});
      if (!fresh) {
        return InTheWay(name, "the same name as " + other->second.name +
                                  ", but for the number");
      }
    }
  }
  return folder;
}

// Says whether the entry that is where a list's name without number belongs
// may go: a link that numbering left there.
bool IsLeftByNumbering(const Folder& folder, const std::string& base) {
  const auto link = folder.links.find(base);
  return link != folder.links.end() && WithoutNumber(link->second) == base;
}

Result<void> CheckPlan(const Folder& folder) {
  for (const auto& [base, list] : folder.lists) {
    if (list.wanted.size() > NAME_MAX) {
      return Fail(ENAMETOOLONG, list.wanted + ": too long for a file name");
    }
    if (list.name != base && folder.names.contains(base) &&
        !IsLeftByNumbering(folder, base)) {
      return InTheWay(base, "in the way of " + list.name);
    }
    if (list.wanted != list.name && list.wanted != base &&
        folder.names.contains(list.wanted)) {
      return InTheWay(list.wanted, "in the way of " + list.name);
    }
  }
  for (const auto& [name, target] : folder.links) {
    const std::string base = WithoutNumber(target);
    const auto list = folder.lists.find(base);
    if (name == base || target == base || list == folder.lists.end()) continue;
    if (list->second.name == target && list->second.wanted != target) {
      return InTheWay(name, "a link to " + target + ", which is to go");
    }
  }
  return {};
}

// Returns whether anything had to be changed. The link goes first and comes
// last: while it leads to another name than the list has, it would be a list
// that cannot be read.
Result<bool> Rename(const Folder& folder, const std::string& base,
                    const List& list) {
  const auto link = folder.links.find(base);
  const bool has_link = link != folder.links.end();
  const bool linked = has_link && link->second == list.wanted;
  if (list.name == list.wanted && (linked || list.wanted == base)) return false;
  const int fd = folder.fd.get();
  if (has_link && ::unlinkat(fd, base.c_str(), 0) != 0) {
    return Fail(Error::FromErrno(base));
  }
  if (list.name != list.wanted &&
      ::renameat2(fd, list.name.c_str(), fd, list.wanted.c_str(),
                  RENAME_NOREPLACE) != 0) {
    return Fail(Error::FromErrno(list.name + " to " + list.wanted));
  }
  if (list.wanted != base &&
      ::symlinkat(list.wanted.c_str(), fd, base.c_str()) != 0) {
    return Fail(Error::FromErrno(base));
  }
  return true;
}

Result<NumberedLists> CarryOut(const Folder& folder) {
  const auto checked = CheckPlan(folder);
  if (!checked) return Fail(checked.error());
  NumberedLists counts;
  for (const auto& [base, list] : folder.lists) {
    const auto changed = Rename(folder, base, list);
    if (!changed) return Fail(changed.error());
    ++(*changed ? counts.renamed : counts.kept);
    if (list.wanted == base) ++counts.unnumbered;
  }
  if (counts.renamed > 0 && ::fsync(folder.fd.get()) != 0) {
    return Fail(Error::FromErrno("fsync"));
  }
  return counts;
}

// Returns the place of each list in used, by its name without number in one
// column.
std::map<std::string, std::size_t> Places(
    const std::vector<std::string>& used) {
  std::map<std::string, std::size_t> places;
  for (const std::string& path : used) {
    const auto slash = path.rfind('/');
    const std::string name =
        slash == std::string::npos ? path : path.substr(slash + 1);
    places.emplace(OneColumn(WithoutNumber(name)), places.size());
  }
  return places;
}

}  // namespace

Result<NumberedLists> NumberLists(const std::string& folder_path,
                                  const std::vector<std::string>& used) {
  auto folder = ReadFolder(folder_path);
  if (!folder) return Fail(folder.error());
  const auto places = Places(used);
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [base, list] : folder->lists) {
    const auto place = places.find(OneColumn(base));
    if (place != places.end()) order.emplace_back(place->second, base);
  }
  if (order.empty()) {
    return Fail(ENOENT, "the log names no list of " + folder_path);
  }
  std::ranges::sort(order);
  for (std::size_t number = 0; number < order.size(); ++number) {
    const std::string& base = order[number].second;
    folder->lists.at(base).wanted = std::to_string(number) + "-" + base;
  }
  return CarryOut(*folder);
}

Result<NumberedLists> UnnumberLists(const std::string& folder_path) {
  const auto folder = ReadFolder(folder_path);
  if (!folder) return Fail(folder.error());
  return CarryOut(*folder);
}

}  // namespace assayfs
