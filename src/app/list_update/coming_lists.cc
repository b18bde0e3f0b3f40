// SPDX-License-Identifier: Apache-2.0
// Reading and checking what an update brings.
#include "app/list_update/coming_lists.h"

#include <fcntl.h>

#include <filesystem>

#include "app/lists/lists_input.h"
#include "app/lists/lists_make.h"
#include "base/files.h"

namespace assayfs {
namespace {

Result<ComingList> ReadComing(const std::string& path) {
  if (!IsPackageFile(path)) {
    auto bytes = ReadFileAt(AT_FDCWD, path, kMaxListBytes);
    if (!bytes) return Fail(ReadingFailed(bytes.error()));
    return ComingList{std::filesystem::path(path).filename(),
                      std::move(*bytes)};
  }
  const auto package = ReadPackage(path);
  if (!package) return Fail(package.error());
  auto list = ListOfPackage(*package, ListFormat::kRpm);
  if (!list) return Fail(list.error());
  return ComingList{std::move(list->name), std::move(list->bytes)};
}

}  // namespace

ComingLists ReadComingLists(const std::vector<std::string>& paths,
                            const SignatureVerifier& verifier,
                            const ListRules& rules) {
  ComingLists coming;
  for (const std::string& path : paths) {
    auto list = ReadComing(path);
    if (!list) {
      coming.refused.emplace_back(path, list.error());
      continue;
    }
    const auto checked =
        CheckList({list->name, path, list->bytes}, verifier, rules);
    if (checked) {
      coming.lists.push_back(std::move(*list));
    } else {
      coming.refused.emplace_back(path, checked.error());
    }
  }
  return coming;
}

}  // namespace assayfs
