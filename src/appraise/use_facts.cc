// SPDX-License-Identifier: Apache-2.0
// UseFacts: what a policy may ask of a file.
#include "appraise/use_facts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "appraise/asker.h"
#include "appraise/tree_path.h"
#include "base/files.h"

namespace assayfs {
namespace {

constexpr std::string_view kElfMagic = "\177ELF";

void SetText(const std::optional<std::string>& text, TextFact which, Use& use) {
  if (text) use.text(which) = {*text};
}

}  // namespace

void UseFacts::Find(int fd, const Needs& needs, Use& use) const {
  if (needs.asker()) DescribeAsker(needs, use);
  if (needs.elf) use.elf = StartsWith(fd, kElfMagic);
  if (needs.path) use.text(TextFact::kPath) = TreeSpellings(root_fd_, fd);
  if (needs.owner) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return;
    use.number(NumberFact::kFowner) = info.st_uid;
    use.number(NumberFact::kFgroup) = info.st_gid;
    use.set_mode(info.st_mode);
  }
  if (!needs.file_system) return;
  auto system = systems_.Of(fd);
  if (!system) return;
  use.number(NumberFact::kFsMagic) = system->magic;
  SetText(system->name, TextFact::kFsName, use);
  SetText(system->subtype, TextFact::kFsSubtype, use);
  SetText(system->uuid, TextFact::kFsUuid, use);
}

Use UseOfOwn(const std::string& path, const std::optional<ListFile>& file) {
  Use use;
  use.uid = ::geteuid();
  use.number(NumberFact::kUid) = ::getuid();
  use.number(NumberFact::kEuid) = ::geteuid();
  use.number(NumberFact::kGid) = ::getgid();
  use.number(NumberFact::kEgid) = ::getegid();
  use.text(TextFact::kPath) = {path};
  if (!file) return use;
  use.number(NumberFact::kFowner) = file->owner;
  use.number(NumberFact::kFgroup) = file->group;
  use.number(NumberFact::kFsMagic) = file->fs_magic;
  return use;
}

Use UseOfList(const LoadedList& list) {
  return UseOfOwn(list.origin, list.file);
}

}  // namespace assayfs
