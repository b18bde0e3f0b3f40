// SPDX-License-Identifier: Apache-2.0
// HeaderBuilder: RPM headers and packages for tests, sound or broken on
// purpose.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace assayfs::testing {

// One tag of a header. types: 3 int16, 4 int32, 5 int64, 6 string, 7 binary, 8
// array of strings.
struct TagValue {
  std::uint32_t tag;
  std::uint32_t type;
  std::uint32_t count;
  ByteVector data;
};
TagValue TagString(std::uint32_t tag, std::string_view text);
TagValue TagStrings(std::uint32_t tag, const std::vector<std::string>& texts);
TagValue TagBinary(std::uint32_t tag, Bytes bytes);
TagValue TagNumbers16(std::uint32_t tag,
                      const std::vector<std::uint16_t>& numbers);
TagValue TagNumbers32(std::uint32_t tag,
                      const std::vector<std::uint32_t>& numbers);
TagValue TagNumbers64(std::uint32_t tag,
                      const std::vector<std::uint64_t>& numbers);

// Builds "magic | immutable region". As it starts out: the package
// test-1.0-1.noarch without files, algorithm 8 (SHA-256).
class HeaderBuilder {
 public:
  HeaderBuilder();

  HeaderBuilder& Package(std::string_view name, std::string_view version,
                         std::string_view release, std::string_view arch);
  HeaderBuilder& Epoch(std::uint32_t epoch);
  // number: as OpenPGP counts hash algorithms.
  HeaderBuilder& Algorithm(std::uint32_t number);
  // path: absolute. hex: empty for no digest. mode: as st_mode.
  HeaderBuilder& File(std::string_view path, std::string_view hex,
                      std::uint16_t mode = 0100644);

  // Says all that packages say of files: 4 bytes each, of root, changed at
  // 1000 s, no links, no flags, everything to be verified.
  HeaderBuilder& Metadata();

  // What follows is applied last, over what the calls above say.
  HeaderBuilder& Set(TagValue value);
  HeaderBuilder& Drop(std::uint32_t tag);
  // Writes another number into the index.
  HeaderBuilder& WrongOffset(std::uint32_t tag, std::uint32_t offset);
  HeaderBuilder& WrongCount(std::uint32_t tag, std::uint32_t count);
  // Adds a tag once more, inside the region.
  HeaderBuilder& Again(TagValue value);
  // Adds an entry and data behind the region, where no signature reaches.
  HeaderBuilder& AfterRegion(TagValue value);
  HeaderBuilder& WithoutRegion();

  ByteVector Build() const;

 private:
  struct ListedName {
    std::string folder;
    std::string name;
    std::string hex;
    std::uint16_t mode;
  };
  std::vector<TagValue> SignedTags() const;
  std::vector<TagValue> MetadataTags() const;

  std::map<std::uint32_t, TagValue> package_;
  std::vector<ListedName> files_;
  std::map<std::uint32_t, TagValue> set_;
  std::vector<std::uint32_t> dropped_;
  std::map<std::uint32_t, std::uint32_t> wrong_offsets_;
  std::map<std::uint32_t, std::uint32_t> wrong_counts_;
  std::vector<TagValue> again_;
  std::vector<TagValue> after_region_;
  bool region_ = true;
  bool metadata_ = false;
};

// Builds a package: lead, signature header without a region, padding, header,
// payload.
ByteVector BuildPackage(Bytes header,
                        const std::vector<TagValue>& signature_tags,
                        std::string_view payload = "payload");

}  // namespace assayfs::testing
