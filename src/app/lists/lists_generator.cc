// SPDX-License-Identifier: Apache-2.0
// One run of `lists gen`.
#include "app/lists/lists_generator.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "app/lists/lists_input.h"
#include "app/lists/lists_tree.h"
#include "app/report.h"
#include "appraise/check_list.h"
#include "base/files.h"
#include "tpm/measured_files.h"
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

// Takes version, release and architecture off: there is no "-" in them.
std::string PackageName(const std::string& package) {
  const auto release = package.rfind('-');
  if (release == std::string::npos || release == 0) return package;
  return package.substr(0, package.rfind('-', release - 1));
}

// Returns the packages whose name matches a pattern; all for no patterns.
// Errors: ENOENT for a pattern that no package matches.
Result<std::vector<InstalledPackage>> Select(
    std::vector<InstalledPackage> packages,
    const std::vector<std::string>& patterns) {
  if (patterns.empty()) return packages;
  std::vector<bool> used(patterns.size());
  std::erase_if(packages, [&](const InstalledPackage& package) {
    const std::string name = PackageName(package.name);
    bool wanted = false;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (::fnmatch(patterns[i].c_str(), name.c_str(), 0) != 0) continue;
      used[i] = true;
      wanted = true;
    }
    return !wanted;
  });
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused == used.end()) return packages;
  return Fail(ENOENT, "no package matches " +
                          patterns[static_cast<std::size_t>(
                              std::distance(used.begin(), unused))]);
}

// Takes out what comes a second time; the order stays.
void DropRepetitions(std::vector<ListedFile>& files) {
  std::set<std::pair<std::string, Digest>> seen;
  std::erase_if(files, [&seen](const ListedFile& file) {
    return !seen.emplace(file.path, file.digest).second;
  });
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
  if (files_name_.empty() || !files_complete_) return;
  DropRepetitions(files_);
  const auto list = ListOfFiles(files_name_, files_);
  if (!list) return Refused("lists gen", list.error());
  Write(*list);
}

void ListGenerator::AddDatabase(const std::string& source) {
  const std::string root = source.substr(kDatabasePrefix.size());
  auto all = ReadRpmDatabase(root.empty() ? "/" : root);
  if (!all) return Failed(source, all.error());
  auto packages = Select(std::move(*all), options_.packages);
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
  NameAfter(std::filesystem::canonical(path, ignored));
  TreeOptions tree{options_.algorithm, options_.root, {}, {}};
  tree.progress = [this](std::size_t count) {
    options_.progress(files_.size() + count);
  };
  tree.left_out = [this](const std::string& folder) {
    options_.tell(folder, "left out: on another file system");
  };
  auto files = HashTree(path, tree);
  if (!files) return FilesFailed("lists gen", files.error());
  std::move(files->begin(), files->end(), std::back_inserter(files_));
}

void ListGenerator::AddPathList(const std::string& path) {
  NameAfter(path);
  const auto bytes = ReadInput(path);
  if (!bytes) return FilesFailed(path, bytes.error());
  const auto listed = SplitPaths(AsText(*bytes));
  if (!listed) return FilesFailed(path, listed.error());
  std::size_t left_out = 0;
  for (const std::string& file : *listed) {
    struct stat info {};
    if (::lstat(file.c_str(), &info) != 0) {
      FilesFailed("lists gen", Error::FromErrno(file));
    } else if (S_ISREG(info.st_mode)) {
      AddTree(file);
    } else {
      ++left_out;
    }
  }
  if (left_out == 0) return;
  options_.tell(path, "left out " + Counted(left_out, "path") +
                          ": folders, links or special files");
}

void ListGenerator::AddMeasurementLog(const std::string& path) {
  NameAfter(path);
  const auto bytes = ReadInput(path);
  if (!bytes) return FilesFailed(path, bytes.error());
  const auto measured = ParseMeasuredFiles(*bytes);
  if (!measured) return FilesFailed(path, measured.error());
  std::size_t left_out = 0;
  for (const ImaNgFields& file : *measured) {
    if (options_.allow_weak || IsStrong(file.digest.algorithm())) {
      files_.push_back({file.digest, file.path, std::nullopt});
    } else {
      ++left_out;
    }
  }
  if (left_out == 0) return;
  options_.tell(path, "left out " + Counted(left_out, "weak digest") +
                          "; see --allow-weak-digests");
}

void ListGenerator::NameAfter(const std::string& path) {
  if (files_name_.empty()) files_name_ = options_.name;
  if (files_name_.empty()) {
    files_name_ = std::filesystem::path(path).filename();
  }
  // "/" has no name of its own.
  if (files_name_.empty()) files_name_ = "root";
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

// Without one of its files, the list of files is not to be written.
void ListGenerator::FilesFailed(const std::string& what, const Error& error) {
  files_complete_ = false;
  Failed(what, error);
}

void ListGenerator::Refused(const std::string& what, const Error& error) {
  options_.tell(what, "refused: " + error.message());
  ++refused_;
}

}  // namespace assayfs
