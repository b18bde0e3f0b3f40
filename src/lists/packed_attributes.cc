// SPDX-License-Identifier: Apache-2.0
// PackedAttributes: each set of attributes is kept once.
#include "lists/packed_attributes.h"

#include <sys/stat.h>

#include <map>

namespace assayfs {

PackedAttributes::PackedAttributes(const std::vector<RpmFileMetadata>& files) {
  std::map<ListedAttributes, std::uint32_t> numbers;
  for (const RpmFileMetadata& file : files) {
    // What a ghost leads to is anybody's guess.
    const bool is_bound = (file.flags & kRpmGhost) == 0 &&
                          (file.verify_flags & kRpmVerifyLinkTarget) != 0;
    if (S_ISLNK(file.mode) && is_bound) {
      links_.push_back({file.path, file.link_target});
    }
    if (!file.digest) continue;
    const ListedAttributes attributes = {
        file.mode, file.verify_flags, file.user, file.group, file.capabilities};
    const auto [kind, fresh] = numbers.try_emplace(
        attributes, static_cast<std::uint32_t>(kinds_.size()));
    if (fresh) kinds_.push_back(attributes);
    kind_of_.push_back(kind->second);
  }
}

const ListedAttributes* PackedAttributes::Of(std::size_t number) const {
  return number < kind_of_.size() ? &kinds_[kind_of_[number]] : nullptr;
}

}  // namespace assayfs
