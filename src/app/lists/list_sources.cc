// SPDX-License-Identifier: Apache-2.0
// From --lists arguments to list sources.
#include "app/lists/list_sources.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "base/unique_fd.h"
#include "lists/appended_signature.h"
#include "trust/rpm_database.h"

namespace assayfs {
namespace {

constexpr std::string_view kDatabasePrefix = "rpmdb:";

// Makes path absolute without resolving links: a link that is pointed
// elsewhere later is followed there. Slashes at the end are taken off.
Result<std::string> Absolute(const std::string& path) {
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error);
  if (error) return Fail(error.value(), path + ": " + error.message());
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  return absolute;
}

Result<std::vector<RawList>> ReadDatabase(const std::string& root,
                                          const std::string& folder,
                                          const std::string& label) {
  auto packages = ReadRpmDatabase(root);
  if (!packages) return Fail(std::move(packages).error().WithContext(label));
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto file = DescribeListFile(fd.get());
  const std::string_view slash = label.ends_with('/') ? "" : "/";
  std::vector<RawList> lists;
  lists.reserve(packages->size());
  for (const InstalledPackage& package : *packages) {
    std::string name = "rpm-" + package.name;
    std::string origin = label;
    origin.append(slash).append(name);
    ByteVector bytes =
        package.signatures.empty()
            ? package.header
            : AppendSignature(package.header, SignatureFormat::kOpenPgp,
                              package.signatures);
    lists.push_back(
        {std::move(name), std::move(origin), std::move(bytes), file});
  }
  return lists;
}

Result<ListSource> DatabaseSource(const std::string& argument) {
  std::string root = argument.substr(kDatabasePrefix.size());
  if (root.empty()) root = "/";
  auto absolute = Absolute(root);
  if (!absolute) return Fail(absolute.error());
  auto folder = RpmDatabaseFolder(*absolute);
  if (!folder) return Fail(std::move(folder).error().WithContext(argument));
  ListSource source;
  source.path = *folder;
  source.label = std::string(kDatabasePrefix) + *absolute;
  source.read = [root = *absolute, folder = *folder, label = source.label] {
    return ReadDatabase(root, folder, label);
  };
  return source;
}

Result<ListSource> PathSource(const std::string& argument) {
  auto absolute = Absolute(argument);
  if (!absolute) return Fail(absolute.error());
  struct stat info {};
  if (::stat(absolute->c_str(), &info) != 0) {
    return Fail(Error::FromErrno(argument));
  }
  if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
    return Fail(EINVAL, argument + ": neither a folder nor a regular file");
  }
  return ListSource{*absolute, *absolute, nullptr};
}

}  // namespace

Result<std::vector<ListSource>> MakeListSources(
    const std::vector<std::string>& arguments) {
  std::vector<ListSource> sources;
  sources.reserve(arguments.size());
  for (const std::string& argument : arguments) {
    auto source = argument.starts_with(kDatabasePrefix)
                      ? DatabaseSource(argument)
                      : PathSource(argument);
    if (!source) return Fail(source.error());
    sources.push_back(std::move(*source));
  }
  return sources;
}

}  // namespace assayfs
