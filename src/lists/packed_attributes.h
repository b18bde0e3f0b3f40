// SPDX-License-Identifier: Apache-2.0
// PackedAttributes: what a list says of its files beside their digests, kept in
// little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lists/rpm_file_metadata.h"

namespace assayfs {

// What many files of a list have in common; see RpmFileMetadata.
struct ListedAttributes {
  std::uint16_t mode = 0;
  std::uint32_t verify_flags = 0;
  std::string user;
  std::string group;
  std::string capabilities;

  auto operator<=>(const ListedAttributes&) const = default;
};

// A symbolic link that a list gives, and that is to be verified.
struct ListedLink {
  std::string path;
  std::string target;
};

// Costs a file with a digest four bytes, and a link its path and target.
// Threads: safe, as it never changes.
class PackedAttributes {
 public:
  // Of a list that says nothing.
  PackedAttributes() = default;
  // files: all of a list.
  explicit PackedAttributes(const std::vector<RpmFileMetadata>& files);

  // number: as for PackedFiles, which has the files with digests. Returns null
  // if the list says nothing.
  const ListedAttributes* Of(std::size_t number) const;
  const std::vector<ListedLink>& links() const { return links_; }

 private:
  std::vector<ListedAttributes> kinds_;
  std::vector<std::uint32_t> kind_of_;
  std::vector<ListedLink> links_;
};

}  // namespace assayfs
