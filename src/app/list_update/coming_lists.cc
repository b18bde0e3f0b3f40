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

Result<ByteVector> ReadBytes(const std::string& path) {
  if (!IsPackageFile(path)) {
    return ReadFileAt(AT_FDCWD, path, kMaxListBytes).map_error(ReadingFailed);
  }
  const auto package = ReadPackage(path);
  if (!package && package.error().code() != EBADMSG) {
    return Fail(ReadingFailed(package.error()));
  }
  if (!package) return Fail(package.error());
  return ListBytes(*package);
}

// Of a package, the name is that in its signed header, whatever the file is
// called: it says which list takes whose place.
Result<ComingList> ReadComing(const std::string& path,
                              const SignatureVerifier& verifier,
                              const ListRules& rules) {
  auto bytes = ReadBytes(path);
  if (!bytes) return Fail(bytes.error());
  std::string name = std::filesystem::path(path).filename();
  const std::string as = IsPackageFile(path) ? "rpm-package" : name;
  const auto loaded = CheckList({as, path, *bytes}, verifier, rules);
  if (!loaded) return Fail(loaded.error());
  if (loaded->format == ListFormat::kRpm) name = "rpm-" + loaded->package;
  if (!IsSafeName(name)) {
    return Fail(EINVAL,
                "list name: \"" + Printable(name) + "\" cannot be a file name");
  }
  return ComingList{std::move(name), std::move(*bytes)};
}

}  // namespace

ComingLists ReadComingLists(const std::vector<std::string>& paths,
                            const SignatureVerifier& verifier,
                            const ListRules& rules) {
  ComingLists coming;
  for (const std::string& path : paths) {
    auto list = ReadComing(path, verifier, rules);
    if (list) {
      coming.lists.push_back(std::move(*list));
    } else {
      coming.refused.emplace_back(path, list.error());
    }
  }
  return coming;
}

}  // namespace assayfs
