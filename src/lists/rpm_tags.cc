// SPDX-License-Identifier: Apache-2.0
// RpmTags: reading an index, and values by tag.
#include "lists/rpm_tags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lists/digest_list.h"

namespace assayfs {
namespace {

constexpr std::array<std::byte, 8> kMagic = {std::byte{0x8e}, std::byte{0xad},
                                             std::byte{0xe8}, std::byte{0x01}};

// librpm's own limit, HEADER_TAGS_MAX.
constexpr std::uint32_t kMaxEntries = 0xffff;
constexpr std::uint32_t kEntryBytes = 16;

// Values of one array. The largest real package seen has 14,508 files.
constexpr std::uint32_t kMaxValues = 1 << 20;

std::string TagText(std::uint32_t tag) { return "tag " + std::to_string(tag); }

// Bytes of one value of a type; 0 for strings, whose length only shows in the
// data. Nothing for a type that does not exist.
std::optional<std::uint32_t> ElementBytes(std::uint32_t type) {
  constexpr std::array<std::uint32_t, 10> kBytes = {0, 1, 1, 2, 4,
                                                    8, 0, 1, 0, 0};
  if (type >= kBytes.size()) return std::nullopt;
  return kBytes[type];
}

std::optional<std::string_view> TakeString(ByteReader& in) {
  ByteReader ahead = in;
  const auto rest = ahead.Take(ahead.left());
  const std::string_view text = AsText(*rest);
  const auto end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  in.Take(end + 1);
  return text.substr(0, end);
}

}  // namespace

tl::unexpected<Error> MalformedRpmHeader(std::string_view what) {
  return Fail(EBADMSG, "RPM header: " + std::string(what));
}

tl::unexpected<Error> MalformedRpmHeader(RpmTag tag, std::string_view what) {
  return MalformedRpmHeader(TagText(static_cast<std::uint32_t>(tag)) + ": " +
                            std::string(what));
}

Result<RpmTags::Entry> RpmTags::TakeEntry(ByteReader& in) {
  const auto tag = in.TakeBe32();
  const auto type = in.TakeBe32();
  const auto offset = in.TakeBe32();
  const auto count = in.TakeBe32();
  if (!tag || !type || !offset || !count)
    return MalformedRpmHeader("truncated index");
  return Entry{*tag, *type, *offset, *count};
}

Result<RpmTags> RpmTags::Take(ByteReader& in, Region region) {
  const auto magic = in.Take(kMagic.size());
  if (!magic || !std::ranges::equal(*magic, kMagic)) {
    return MalformedRpmHeader("wrong magic");
  }
  const auto index_count = in.TakeBe32();
  const auto data_bytes = in.TakeBe32();
  if (!index_count || !data_bytes) return MalformedRpmHeader("truncated");
  if (*index_count > kMaxEntries) return MalformedRpmHeader("too many tags");
  if (*data_bytes > kMaxListBytes) return MalformedRpmHeader("too much data");
  const auto index = in.Take(std::size_t{*index_count} * kEntryBytes);
  if (!index) return MalformedRpmHeader("truncated index");
  const auto data = in.Take(*data_bytes);
  if (!data) return MalformedRpmHeader("truncated data");

  RpmTags tags;
  tags.data_ = *data;
  tags.entries_.reserve(*index_count);
  ByteReader entries(*index);
  while (!entries.empty()) {
    const auto entry = TakeEntry(entries);
    if (!entry) return Fail(entry.error());
    tags.entries_.push_back(*entry);
  }
  if (region == Region::kRequired) {
    const auto covered = tags.CheckRegion();
    if (!covered) return Fail(covered.error());
  }
  for (const Entry& entry : tags.entries_) {
    const auto checked = tags.CheckEntry(entry);
    if (!checked) return Fail(checked.error());
  }
  std::ranges::stable_sort(tags.entries_, {}, &Entry::tag);
  if (region == Region::kRequired) {
    const auto unique = tags.CheckDuplicates();
    if (!unique) return Fail(unique.error());
  }
  return tags;
}

Result<RpmTags> RpmTags::Parse(Bytes bytes) {
  if (bytes.size() > kMaxListBytes) return MalformedRpmHeader("too large");
  ByteReader in(bytes);
  auto tags = Take(in, Region::kRequired);
  if (tags && !in.empty()) return MalformedRpmHeader("bytes after the end");
  return tags;
}

// The region's entry points at its trailer, which says how far back the index
// reaches. Entries or data behind them ("dribbles") are not signed, but would
// be read in place of signed ones of the same tag.
Result<void> RpmTags::CheckRegion() const {
  constexpr auto kTag = static_cast<std::uint32_t>(RpmTag::kImmutable);
  constexpr auto kType = static_cast<std::uint32_t>(Type::kBinary);
  if (entries_.empty() || entries_.front().tag != kTag) {
    return MalformedRpmHeader("no immutable region");
  }
  const Entry& region = entries_.front();
  if (region.type != kType || region.count != kEntryBytes) {
    return MalformedRpmHeader("bad entry of the immutable region");
  }
  ByteReader in(data_);
  if (!in.Take(region.offset))
    return MalformedRpmHeader("region outside the data");
  const auto trailer = TakeEntry(in);
  if (!trailer) return MalformedRpmHeader("region outside the data");
  if (!in.empty()) return MalformedRpmHeader("data after the immutable region");
  const auto index_bytes =
      static_cast<std::uint32_t>(entries_.size() * kEntryBytes);
  if (trailer->offset != 0u - index_bytes) {
    return MalformedRpmHeader("immutable region does not cover every tag");
  }
  if (*trailer != Entry{kTag, kType, 0u - index_bytes, kEntryBytes}) {
    return MalformedRpmHeader("bad trailer of the immutable region");
  }
  return {};
}

Result<void> RpmTags::CheckEntry(const Entry& entry) const {
  const auto element_bytes = ElementBytes(entry.type);
  if (!element_bytes)
    return MalformedRpmHeader(TagText(entry.tag) + " has no type");
  ByteReader in(data_);
  const auto needed = std::uint64_t{entry.count} * *element_bytes;
  if (!in.Take(entry.offset) || needed > in.left()) {
    return MalformedRpmHeader(TagText(entry.tag) + " leaves the data");
  }
  return {};
}

Result<void> RpmTags::CheckDuplicates() const {
  const auto twice = std::ranges::adjacent_find(
      entries_, std::ranges::equal_to(), &Entry::tag);
  if (twice == entries_.end()) return {};
  return MalformedRpmHeader(TagText(twice->tag) + " comes twice");
}

const RpmTags::Entry* RpmTags::Find(RpmTag tag) const {
  const auto number = static_cast<std::uint32_t>(tag);
  const auto entry =
      std::ranges::lower_bound(entries_, number, {}, &Entry::tag);
  if (entry == entries_.end() || entry->tag != number) return nullptr;
  return &*entry;
}

Result<RpmTags::Value> RpmTags::Get(RpmTag tag, Type type) const {
  const auto text = TagText(static_cast<std::uint32_t>(tag));
  const Entry* entry = Find(tag);
  if (entry == nullptr) return MalformedRpmHeader(text + " is missing");
  if (entry->type != static_cast<std::uint32_t>(type)) {
    return MalformedRpmHeader(text + " has type " +
                              std::to_string(entry->type));
  }
  Value value{entry->count, ByteReader(data_)};
  if (!value.data.Take(entry->offset)) {
    return MalformedRpmHeader(text + " leaves the data");
  }
  if (type != Type::kBinary && entry->count > kMaxValues) {
    return MalformedRpmHeader(text + " has too many values");
  }
  return value;
}

Result<std::string_view> RpmTags::String(RpmTag tag) const {
  auto value = Get(tag, Type::kString);
  if (!value) return Fail(value.error());
  const auto text = TakeString(value->data);
  if (value->count != 1 || !text) {
    return MalformedRpmHeader(TagText(static_cast<std::uint32_t>(tag)) +
                              " is not one string");
  }
  return *text;
}

Result<std::vector<std::string_view>> RpmTags::Strings(RpmTag tag) const {
  auto value = Get(tag, Type::kStringArray);
  if (!value) return Fail(value.error());
  std::vector<std::string_view> strings;
  for (std::uint32_t i = 0; i < value->count; ++i) {
    const auto text = TakeString(value->data);
    if (!text) {
      return MalformedRpmHeader(TagText(static_cast<std::uint32_t>(tag)) +
                                " leaves the data");
    }
    strings.push_back(*text);
  }
  return strings;
}

// Take has checked that the numbers and bytes of every entry are in the data.
Result<std::vector<std::uint16_t>> RpmTags::Numbers16(RpmTag tag) const {
  auto value = Get(tag, Type::kInt16);
  if (!value) return Fail(value.error());
  std::vector<std::uint16_t> numbers;
  numbers.reserve(value->count);
  for (std::uint32_t i = 0; i < value->count; ++i) {
    numbers.push_back(value->data.TakeBe16().value_or(0));
  }
  return numbers;
}

Result<std::vector<std::uint32_t>> RpmTags::Numbers32(RpmTag tag) const {
  auto value = Get(tag, Type::kInt32);
  if (!value) return Fail(value.error());
  std::vector<std::uint32_t> numbers;
  numbers.reserve(value->count);
  for (std::uint32_t i = 0; i < value->count; ++i) {
    numbers.push_back(value->data.TakeBe32().value_or(0));
  }
  return numbers;
}

Result<std::vector<std::uint64_t>> RpmTags::Numbers64(RpmTag tag) const {
  auto value = Get(tag, Type::kInt64);
  if (!value) return Fail(value.error());
  std::vector<std::uint64_t> numbers;
  numbers.reserve(value->count);
  for (std::uint32_t i = 0; i < value->count; ++i) {
    numbers.push_back(value->data.TakeBe64().value_or(0));
  }
  return numbers;
}

Result<std::uint32_t> RpmTags::Number32(RpmTag tag) const {
  const auto numbers = Numbers32(tag);
  if (!numbers) return Fail(numbers.error());
  if (numbers->size() != 1) {
    return MalformedRpmHeader(TagText(static_cast<std::uint32_t>(tag)) +
                              " is not one number");
  }
  return numbers->front();
}

Result<Bytes> RpmTags::Binary(RpmTag tag) const {
  auto value = Get(tag, Type::kBinary);
  if (!value) return Fail(value.error());
  return value->data.Take(value->count).value_or(Bytes());
}

}  // namespace assayfs
