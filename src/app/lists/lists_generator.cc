// SPDX-License-Identifier: Apache-2.0
// One run of `lists gen`.
#include "app/lists/lists_generator.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "app/lists/lists_input.h"
#include "app/lists/lists_tree.h"
#include "appraise/check_list.h"
#include "base/files.h"
#include "trust/rpm_database.h"

namespace assayfs {
namespace {

constexpr std::string_view kDatabasePrefix = "rpmdb:";
constexpr unsigned kListMode = 0644;

// Returns the *.rpm files right below folder, sorted.
Result<std::vector<std::string>> PackagesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> packages;
  for (std::filesystem::directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".rpm") packages.push_back(it->path());
  }
  if (error) return Fail(error.value(), error.message());
  if (packages.empty()) return Fail(ENOENT, "holds no *.rpm file");
  std::sort(packages.begin(), packages.end());
  return packages;
}

}  // namespace

void ListGenerator::AddSource(const std::string& source) {
  if (source.starts_with(kDatabasePrefix)) return AddDatabase(source);
  if (IsPackageFile(source)) return AddPackageFile(source);
  if (options_.format != Format::kRpm) return AddTree(source);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(source, ignored)) {
    return Refused(source, Error(EBADMSG, "not an RPM package"));
  }
  AddPackageFolder(source);
}

void ListGenerator::Finish() {
  if (tree_name_.empty() || !tree_complete_) return;
  const auto list = ListOfFiles(tree_name_, files_);
  if (!list) return Refused("lists gen", list.error());
  Write(*list);
}

void ListGenerator::AddDatabase(const std::string& source) {
  const std::string root = source.substr(kDatabasePrefix.size());
  auto packages = ReadRpmDatabase(root.empty() ? "/" : root);
  if (!packages) return Failed(source, packages.error());
  for (InstalledPackage& package : *packages) {
    AddPackage(package.name,
               {std::move(package.header), std::move(package.signatures)});
  }
}

void ListGenerator::AddPackageFile(const std::string& path) {
  const auto package = ReadPackage(path);
  if (package) return AddPackage(path, *package);
  if (package.error().code() == EBADMSG) return Refused(path, package.error());
  Failed(path, package.error());
}

void ListGenerator::AddPackageFolder(const std::string& path) {
  const auto packages = PackagesIn(path);
  if (!packages) return Failed(path, packages.error());
  for (const std::string& package : *packages) AddPackageFile(package);
}

void ListGenerator::AddPackage(const std::string& origin,
                               const SignedHeader& package) {
  if (options_.verifier != nullptr) {
    const RawList raw{"rpm-package", origin, ListBytes(package)};
    const ListRules rules{.allow_weak = options_.allow_weak};
    const auto loaded = CheckList(raw, *options_.verifier, rules);
    if (!loaded) return Refused(origin, loaded.error());
  }
  const auto format =
      options_.format == Format::kTlv ? ListFormat::kTlv : ListFormat::kRpm;
  const auto list = ListOfPackage(package, format);
  if (list) return Write(*list);
  if (list.error().code() == ENODATA) {
    return options_.tell(origin, "left out: a TLV list needs a file");
  }
  Refused(origin, list.error());
}

void ListGenerator::AddTree(const std::string& path) {
  std::error_code ignored;
  if (tree_name_.empty()) tree_name_ = options_.name;
  if (tree_name_.empty()) {
    tree_name_ = std::filesystem::canonical(path, ignored).filename();
  }
  TreeOptions tree{options_.algorithm, options_.root, {}, {}};
  tree.progress = [this](std::size_t count) {
    options_.progress(files_.size() + count);
  };
  tree.left_out = [this](const std::string& folder) {
    options_.tell(folder, "left out: on another file system");
  };
  auto files = HashTree(path, tree);
  if (!files) {
    tree_complete_ = false;
    return Failed("lists gen", files.error());
  }
  // "/" has no name of its own.
  if (tree_name_.empty()) tree_name_ = "root";
  std::move(files->begin(), files->end(), std::back_inserter(files_));
}

void ListGenerator::Write(const NewList& list) {
  if (!names_.insert(list.name).second) {
    return options_.tell(list.name,
                         "left out: made from another source already");
  }
  const auto replaced =
      ReplaceFileAt(folder_.get(), list.name, list.bytes, kListMode);
  if (!replaced) return Failed("lists gen", replaced.error());
  written_.push_back({list.name, list.is_signed, list.digests});
  if (!list.is_signed) {
    options_.tell(list.name,
                  "written without a signature; see assayfs lists sign");
  }
}

void ListGenerator::Failed(const std::string& what, const Error& error) {
  options_.tell(what, error.message());
  failed_ = true;
}

void ListGenerator::Refused(const std::string& what, const Error& error) {
  options_.tell(what, "refused: " + error.message());
  ++refused_;
}

}  // namespace assayfs
