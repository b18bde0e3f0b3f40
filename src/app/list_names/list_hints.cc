// SPDX-License-Identifier: Apache-2.0
// Hints: finding the list of a file, and the attribute that names it.
#include "app/list_names/list_hints.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>

#include "appraise/check_list.h"
#include "appraise/list_source.h"
#include "base/files.h"
#include "base/unique_fd.h"

namespace assayfs {
namespace {

using Aliases = std::vector<std::pair<std::string, std::string>>;

// Trusts no key: the lists are loaded without a good signature.
class NoKeys : public SignatureVerifier {
 public:
  SignatureCheck Verify(SignatureFormat, Bytes, Bytes) const override {
    return {};
  }
};

// Returns each link of the folder with the name that it leads to, sorted.
Result<Aliases> LinksIn(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno(folder));
  const auto names = NamesIn(fd.get());
  if (!names) return Fail(Error(names.error()).WithContext(folder));
  Aliases links;
  for (const std::string& name : *names) {
    if (auto target = AliasTarget(fd.get(), name)) {
      links.emplace_back(name, std::move(*target));
    }
  }
  return links;
}

}  // namespace

Result<ListHints> ListHints::Load(const std::string& folder, const Tell& tell) {
  auto links = LinksIn(folder);
  if (!links) return Fail(links.error());
  const ListRules rules{.allow_weak = true, .require_signature = false};
  DigestIndex::Lists lists;
  const auto visited =
      VisitSource({.path = folder, .label = {}, .read = {}}, [&](RawList raw) {
        auto list = CheckList(raw, NoKeys(), rules);
        if (!list) return tell(raw.origin, list.error());
        lists.push_back(std::make_shared<const LoadedList>(std::move(*list)));
      });
  if (!visited) return Fail(visited.error());
  if (lists.empty()) return Fail(ENOENT, "no digest list in " + folder);
  return ListHints(std::make_unique<const DigestIndex>(1, std::move(lists)),
                   std::move(*links));
}

std::vector<DigestIndex::Entry> ListHints::Candidates(
    const std::vector<Digest>& digests, std::string_view path) const {
  std::vector<DigestIndex::Entry> found;
  for (const Digest& digest : digests) {
    const auto entries = index_->FindDigest(digest);
    found.insert(found.end(), entries.begin(), entries.end());
  }
  if (found.empty()) return index_->FindPath(path);
  std::stable_partition(found.begin(), found.end(), [&](const auto& entry) {
    return entry.list->files.PathOf(entry.file) == path;
  });
  return found;
}

std::optional<std::string> ListHints::ListOf(const std::vector<Digest>& digests,
                                             std::string_view path) const {
  const auto found = Candidates(digests, path);
  if (found.empty()) return std::nullopt;
  return found.front().list->name;
}

bool ListHints::IsRight(const std::string& hint,
                        const std::vector<Digest>& digests,
                        std::string_view path) const {
  const auto link =
      std::ranges::lower_bound(links_, hint, {}, &Aliases::value_type::first);
  const bool is_link = link != links_.end() && link->first == hint;
  const std::string& name = is_link ? link->second : hint;
  return std::ranges::any_of(Candidates(digests, path),
                             [&](const DigestIndex::Entry& entry) {
                               return entry.list->name == name;
                             });
}

Result<void> WriteHint(int fd, const char* attribute, const std::string& hint) {
  if (::fsetxattr(fd, attribute, hint.data(), hint.size(), 0) != 0) {
    return Fail(Error::FromErrno(attribute));
  }
  return {};
}

Result<void> RemoveHint(int fd, const char* attribute) {
  if (::fremovexattr(fd, attribute) != 0) {
    return Fail(Error::FromErrno(attribute));
  }
  return {};
}

}  // namespace assayfs
