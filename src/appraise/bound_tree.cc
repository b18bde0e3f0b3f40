// SPDX-License-Identifier: Apache-2.0
// BoundTree: entries of lists beside the files that they may be about.
#include "appraise/bound_tree.h"

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "appraise/file_capabilities.h"

namespace assayfs {
namespace {

constexpr mode_t kPrivileges = S_ISUID | S_ISGID;
constexpr mode_t kModeBits = 07777;

std::string Octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & kModeBits);
  return text.data();
}

std::string Differs(const std::string& what, const std::string& found,
                    const std::string& listed) {
  return what + " " + found + " instead of " + listed;
}

std::string ModeDifference(const ListedAttributes& listed,
                           const FoundAttributes& found) {
  const mode_t mode = found.info.st_mode;
  const bool exact = (listed.verify_flags & kRpmVerifyMode) != 0;
  // As rpm has it: packages give none.
  if (exact && found.has_acl) return "mode " + Octal(mode) + " and an ACL";
  const mode_t wrong = exact ? (mode ^ listed.mode) & kModeBits
                             : mode & ~mode_t{listed.mode} & kPrivileges;
  if (wrong == 0) return {};
  return Differs("mode", Octal(mode), Octal(listed.mode));
}

std::string OwnerDifference(const ListedAttributes& listed,
                            const struct stat& info, const Owners& owners) {
  const bool user = (listed.verify_flags & kRpmVerifyUser) != 0 ||
                    (info.st_mode & S_ISUID) != 0;
  if (user && !owners.users.Match(listed.user, info.st_uid)) {
    return Differs("user", std::to_string(info.st_uid), listed.user);
  }
  const bool group = (listed.verify_flags & kRpmVerifyGroup) != 0 ||
                     (info.st_mode & S_ISGID) != 0;
  if (group && !owners.groups.Match(listed.group, info.st_gid)) {
    return Differs("group", std::to_string(info.st_gid), listed.group);
  }
  return {};
}

std::string CapabilityDifference(const ListedAttributes& listed,
                                 const FoundAttributes& found) {
  if (!found.capabilities) return "capabilities that cannot be read";
  const auto wanted = ParseCapabilities(listed.capabilities);
  if (!wanted) return "capabilities in the list that libcap does not know";
  const bool exact = (listed.verify_flags & kRpmVerifyCapabilities) != 0;
  if (*found.capabilities == *wanted) return {};
  if (!exact && found.capabilities->empty()) return {};
  const auto named = [](const std::string& text) {
    return text.empty() ? std::string("none") : "\"" + text + "\"";
  };
  return Differs("capabilities", named(*found.capabilities), named(*wanted));
}

// Where the content would be, for people.
std::string PlaceOf(const std::vector<DigestIndex::Entry>& known) {
  const DigestIndex::Entry& first = known.front();
  const auto path = first.path();
  std::string text = "list " + first.list->name + " gives it ";
  text += path.empty() ? "no path" : "the path " + std::string(path);
  const std::size_t others = known.size() - 1;
  if (others > 0) text += "; " + std::to_string(others) + " more know it";
  return text;
}

}  // namespace

std::string DifferenceOf(const ListedAttributes* listed,
                         const FoundAttributes& found, const Binding& binding,
                         const Owners& owners) {
  static const ListedAttributes kNothing;
  const ListedAttributes& list = listed == nullptr ? kNothing : *listed;
  const mode_t mode = found.info.st_mode;
  std::string difference;
  if (binding.mode && listed != nullptr) {
    difference = ModeDifference(list, found);
  } else if (binding.mode && (mode & kPrivileges) != 0) {
    difference = "mode " + Octal(mode) + ", which it does not give";
  }
  // A list that names nobody leaves nobody out.
  if (difference.empty() && binding.owner && listed != nullptr) {
    difference = OwnerDifference(list, found.info, owners);
  }
  if (difference.empty() && binding.caps) {
    difference = CapabilityDifference(list, found);
  }
  return difference;
}

bool BoundTree::IsPlaceOf(const LoadedList& list, std::string_view path,
                          int fd) const {
  return unbound_.contains(list.package_name) || IsAt(path, fd);
}

Result<BoundTree::Found> BoundTree::Find(int fd, const Binding& binding) const {
  Found found;
  if (::fstat(fd, &found.attributes.info) != 0) {
    return Fail(Error::FromErrno("fstat"));
  }
  found.attributes.has_acl =
      binding.mode &&
      ::fgetxattr(fd, "system.posix_acl_access", nullptr, 0) > 0;
  if (binding.caps) {
    if (auto read = CapabilitiesOf(fd)) {
      found.attributes.capabilities = std::move(*read);
    }
  }
  if (!binding.owner) {
    found.owners = std::make_shared<const Owners>();
    return found;
  }
  auto owners = owners_.Current();
  if (!owners) return Fail(std::move(owners).error());
  found.owners = std::move(*owners);
  return found;
}

BoundTree::Agreement BoundTree::Compare(
    int fd, const Binding& binding,
    const std::vector<DigestIndex::Entry>& known) const {
  if (!binding.any() || known.empty()) return {};
  const auto found = Find(fd, binding);
  if (!found) return {true, false, found.error().message(), 0};
  Agreement agreement;
  agreement.in_place = false;
  agreement.mode = found->attributes.info.st_mode;
  const auto agrees = [&](const DigestIndex::Entry& entry) {
    if (!entry.counts()) return false;
    if (binding.path && !IsPlaceOf(*entry.list, entry.path(), fd)) return false;
    agreement.in_place = true;
    const std::string difference = DifferenceOf(
        entry.attributes(), found->attributes, binding, *found->owners);
    agreement.attributes_hold = difference.empty();
    agreement.detail = "list " + entry.list->name + ": " + difference;
    return difference.empty();
  };
  // Hundreds of packages may have an empty file. Nearly always the path that
  // the kernel knows is one of those listed, so it is tried before the others.
  const auto spellings = ListedSpellings(root_fd_, fd);
  const auto is_likely = [&](const DigestIndex::Entry& entry) {
    return std::ranges::count(spellings, entry.path()) > 0;
  };
  const bool one_agrees =
      std::ranges::any_of(
          known, [&](const auto& e) { return is_likely(e) && agrees(e); }) ||
      std::ranges::any_of(known, agrees);
  if (one_agrees) {
    agreement.detail.clear();
    return agreement;
  }
  if (!agreement.in_place) agreement.detail = PlaceOf(known);
  return agreement;
}

}  // namespace assayfs
