// SPDX-License-Identifier: Apache-2.0
// TreeOwners: read again when a file has another stamp.
#include "appraise/tree_owners.h"

#include <fcntl.h>

#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

constexpr char kUsers[] = "etc/passwd";
constexpr char kGroups[] = "etc/group";

// Returns the folder that etc is in: the root of the tree or, if there are no
// users in it, the folder that it is in.
Result<UniqueFd> FolderOfEtc(int root_fd) {
  const auto own = OpenInRoot(root_fd, kUsers, O_PATH, Links::kFollow);
  const bool beside = !own && own.error().code() == ENOENT;
  UniqueFd folder(
      ::openat(root_fd, beside ? ".." : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return Fail(Error::FromErrno("root of the tree"));
  return folder;
}

IdAndStamp VersionOf(int folder_fd, const char* path) {
  const auto file = OpenInRoot(folder_fd, path, O_PATH, Links::kFollow);
  if (!file) return {};
  return StampFile(file->get()).value_or(IdAndStamp{});
}

}  // namespace

Result<std::shared_ptr<const Owners>> TreeOwners::Current() const {
  const auto folder = FolderOfEtc(root_fd_);
  if (!folder) return Fail(folder.error());
  // Looked at before they are read: what changes then is read again.
  const IdAndStamp users = VersionOf(folder->get(), kUsers);
  const IdAndStamp groups = VersionOf(folder->get(), kGroups);
  const std::pair versions(Version(users.id, users.stamp),
                           Version(groups.id, groups.stamp));
  auto owners = known_.With([&](const Known& known) {
    return known.versions == versions ? known.owners : nullptr;
  });
  if (owners) return owners;
  auto read = ReadOwners(folder->get());
  if (!read) return Fail(read.error());
  owners = std::make_shared<const Owners>(std::move(*read));
  known_.With([&](Known& known) { known = {versions, owners}; });
  return owners;
}

}  // namespace assayfs
