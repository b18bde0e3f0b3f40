// SPDX-License-Identifier: Apache-2.0
// HeaderBuilder: laying out index and data.
#include "support/header_builder.h"

#include <algorithm>
#include <utility>

namespace assayfs::testing {
namespace {

constexpr std::uint32_t kRegionTag = 63;
constexpr std::uint32_t kBinary = 7;
constexpr std::uint32_t kEntryBytes = 16;

void AppendEntry(ByteVector& out, std::uint32_t tag, std::uint32_t type,
                 std::uint32_t offset, std::uint32_t count) {
  AppendBe32(out, tag);
  AppendBe32(out, type);
  AppendBe32(out, offset);
  AppendBe32(out, count);
}

// librpm aligns numbers to their own size.
void Align(ByteVector& data, std::uint32_t type) {
  const std::size_t step = type == 3 ? 2 : type == 4 ? 4 : type == 5 ? 8 : 1;
  while (data.size() % step != 0) data.push_back(std::byte{0});
}

// The two parts of a header while it grows.
struct Layout {
  ByteVector index;
  ByteVector data;

  void Add(const TagValue& value) {
    Align(data, value.type);
    AppendEntry(index, value.tag, value.type,
                static_cast<std::uint32_t>(data.size()), value.count);
    AppendBytes(data, value.data);
  }
};

ByteVector Join(const Layout& layout) {
  ByteVector out = *FromHex("8eade80100000000");
  AppendBe32(out,
             static_cast<std::uint32_t>(layout.index.size() / kEntryBytes));
  AppendBe32(out, static_cast<std::uint32_t>(layout.data.size()));
  AppendBytes(out, layout.index);
  AppendBytes(out, layout.data);
  return out;
}

}  // namespace

TagValue TagString(std::uint32_t tag, std::string_view text) {
  TagValue value = TagStrings(tag, {std::string(text)});
  value.type = 6;
  return value;
}

TagValue TagStrings(std::uint32_t tag, const std::vector<std::string>& texts) {
  ByteVector data;
  for (const std::string& text : texts) {
    AppendBytes(data, AsBytes(text));
    data.push_back(std::byte{0});
  }
  return {tag, 8, static_cast<std::uint32_t>(texts.size()), std::move(data)};
}

TagValue TagBinary(std::uint32_t tag, Bytes bytes) {
  return {tag, kBinary, static_cast<std::uint32_t>(bytes.size()),
          ToVector(bytes)};
}

TagValue TagNumbers16(std::uint32_t tag,
                      const std::vector<std::uint16_t>& numbers) {
  ByteVector data;
  for (const std::uint16_t number : numbers) AppendBe16(data, number);
  return {tag, 3, static_cast<std::uint32_t>(numbers.size()), std::move(data)};
}

TagValue TagNumbers32(std::uint32_t tag,
                      const std::vector<std::uint32_t>& numbers) {
  ByteVector data;
  for (const std::uint32_t number : numbers) AppendBe32(data, number);
  return {tag, 4, static_cast<std::uint32_t>(numbers.size()), std::move(data)};
}

TagValue TagNumbers64(std::uint32_t tag,
                      const std::vector<std::uint64_t>& numbers) {
  ByteVector data;
  for (const std::uint64_t number : numbers) {
    AppendBe32(data, static_cast<std::uint32_t>(number >> 32));
    AppendBe32(data, static_cast<std::uint32_t>(number));
  }
  return {tag, 5, static_cast<std::uint32_t>(numbers.size()), std::move(data)};
}

HeaderBuilder::HeaderBuilder() {
  Package("test", "1.0", "1", "noarch").Algorithm(8);
}

HeaderBuilder& HeaderBuilder::Package(std::string_view name,
                                      std::string_view version,
                                      std::string_view release,
                                      std::string_view arch) {
  package_.insert_or_assign(1000, TagString(1000, name));
  package_.insert_or_assign(1001, TagString(1001, version));
  package_.insert_or_assign(1002, TagString(1002, release));
  package_.insert_or_assign(1022, TagString(1022, arch));
  return *this;
}

HeaderBuilder& HeaderBuilder::Epoch(std::uint32_t epoch) {
  package_.insert_or_assign(1003, TagNumbers32(1003, {epoch}));
  return *this;
}

HeaderBuilder& HeaderBuilder::Algorithm(std::uint32_t number) {
  package_.insert_or_assign(5011, TagNumbers32(5011, {number}));
  return *this;
}

HeaderBuilder& HeaderBuilder::File(std::string_view path, std::string_view hex,
                                   std::uint16_t mode) {
  const auto name_start = path.rfind('/') + 1;
  files_.push_back({std::string(path.substr(0, name_start)),
                    std::string(path.substr(name_start)), std::string(hex),
                    mode});
  return *this;
}

HeaderBuilder& HeaderBuilder::Metadata() {
  metadata_ = true;
  return *this;
}

HeaderBuilder& HeaderBuilder::Set(TagValue value) {
  set_.insert_or_assign(value.tag, std::move(value));
  return *this;
}

HeaderBuilder& HeaderBuilder::Drop(std::uint32_t tag) {
  dropped_.push_back(tag);
  return *this;
}

HeaderBuilder& HeaderBuilder::WrongOffset(std::uint32_t tag,
                                          std::uint32_t offset) {
  wrong_offsets_[tag] = offset;
  return *this;
}

HeaderBuilder& HeaderBuilder::WrongCount(std::uint32_t tag,
                                         std::uint32_t count) {
  wrong_counts_[tag] = count;
  return *this;
}

HeaderBuilder& HeaderBuilder::Again(TagValue value) {
  again_.push_back(std::move(value));
  return *this;
}

HeaderBuilder& HeaderBuilder::AfterRegion(TagValue value) {
  after_region_.push_back(std::move(value));
  return *this;
}

HeaderBuilder& HeaderBuilder::WithoutRegion() {
  region_ = false;
  return *this;
}

std::vector<TagValue> HeaderBuilder::MetadataTags() const {
  if (!metadata_) return {};
  const std::size_t count = files_.size();
  const std::vector<std::string> no_texts(count);
  const std::vector<std::string> roots(count, "root");
  const auto all = [count](std::uint32_t number) {
    return std::vector<std::uint32_t>(count, number);
  };
  return {TagNumbers32(1028, all(4)),
          TagNumbers16(1033, std::vector<std::uint16_t>(count)),
          TagNumbers32(1034, all(1000)),
          TagStrings(1036, no_texts),
          TagNumbers32(1037, all(0)),
          TagStrings(1039, roots),
          TagStrings(1040, roots),
          TagNumbers32(1045, all(0xffffffff))};
}

std::vector<TagValue> HeaderBuilder::SignedTags() const {
  std::map<std::uint32_t, TagValue> tags = package_;
  if (!files_.empty()) {
    std::vector<std::uint16_t> modes;
    std::vector<std::string> digests, names, folders;
    std::vector<std::uint32_t> folder_indexes;
    for (const ListedName& file : files_) {
      modes.push_back(file.mode);
      digests.push_back(file.hex);
      names.push_back(file.name);
      const auto folder = std::ranges::find(folders, file.folder);
      folder_indexes.push_back(
          static_cast<std::uint32_t>(folder - folders.begin()));
      if (folder == folders.end()) folders.push_back(file.folder);
    }
    tags.insert_or_assign(1030, TagNumbers16(1030, modes));
    tags.insert_or_assign(1035, TagStrings(1035, digests));
    tags.insert_or_assign(1116, TagNumbers32(1116, folder_indexes));
    tags.insert_or_assign(1117, TagStrings(1117, names));
    tags.insert_or_assign(1118, TagStrings(1118, folders));
  }
  for (const TagValue& value : MetadataTags()) {
    tags.insert_or_assign(value.tag, value);
  }
  for (const auto& [tag, value] : set_) tags.insert_or_assign(tag, value);
  for (const std::uint32_t tag : dropped_) tags.erase(tag);
  std::vector<TagValue> all;
  for (const auto& [tag, value] : tags) all.push_back(value);
  all.insert(all.end(), again_.begin(), again_.end());
  return all;
}

ByteVector HeaderBuilder::Build() const {
  Layout layout;
  for (const TagValue& value : SignedTags()) layout.Add(value);
  if (region_) {
    ByteVector entry;
    AppendEntry(entry, kRegionTag, kBinary,
                static_cast<std::uint32_t>(layout.data.size()), kEntryBytes);
    layout.index.insert(layout.index.begin(), entry.begin(), entry.end());
    const auto index_bytes = static_cast<std::uint32_t>(layout.index.size());
    AppendEntry(layout.data, kRegionTag, kBinary, 0u - index_bytes,
                kEntryBytes);
  }
  for (const TagValue& value : after_region_) layout.Add(value);

  // An entry is {tag, type, offset, count}, 4 bytes each.
  const auto overwrite = [&layout](const auto& numbers, std::size_t at) {
    for (std::size_t i = 0; i < layout.index.size(); i += kEntryBytes) {
      const Bytes entry = Bytes(layout.index).subspan(i, kEntryBytes);
      const auto found = numbers.find(*ByteReader(entry).TakeBe32());
      if (found == numbers.end()) continue;
      ByteVector number;
      AppendBe32(number, found->second);
      std::ranges::copy(
          number, layout.index.begin() + static_cast<std::ptrdiff_t>(i + at));
    }
  };
  overwrite(wrong_offsets_, 8);
  overwrite(wrong_counts_, 12);
  return Join(layout);
}

ByteVector BuildPackage(Bytes header,
                        const std::vector<TagValue>& signature_tags,
                        std::string_view payload) {
  ByteVector out = *FromHex("edabeedb0300");
  out.resize(96);
  Layout layout;
  for (const TagValue& value : signature_tags) layout.Add(value);
  AppendBytes(out, Join(layout));
  while (out.size() % 8 != 0) out.push_back(std::byte{0});
  AppendBytes(out, header);
  AppendBytes(out, AsBytes(payload));
  return out;
}

}  // namespace assayfs::testing
