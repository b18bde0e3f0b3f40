// SPDX-License-Identifier: Apache-2.0
// The TLV digest list format: reading and writing.
#include "lists/tlv.h"

#include <array>
#include <string>
#include <utility>

namespace assayfs {
namespace {

// Field types at the top, and inside an ENTRY.
constexpr std::uint16_t kAlgo = 0;
constexpr std::uint16_t kNumEntries = 1;
constexpr std::uint16_t kEntry = 2;
constexpr std::uint16_t kDigest = 0;
constexpr std::uint16_t kPath = 1;

// enum hash_algo of Linux, include/uapi/linux/hash_info.h; the numbers of
// fs-verity digests are kVerityBit higher. In the order of HashAlgorithm.
constexpr std::uint16_t kVerityBit = 0x8000;
constexpr std::array<std::pair<std::uint16_t, HashAlgorithm>,
                     kHashAlgorithmCount>
    kAlgorithms = {{{1, HashAlgorithm::kMd5},
                    {2, HashAlgorithm::kSha1},
                    {7, HashAlgorithm::kSha224},
                    {4, HashAlgorithm::kSha256},
                    {5, HashAlgorithm::kSha384},
                    {6, HashAlgorithm::kSha512},
                    {20, HashAlgorithm::kSha3_256},
                    {21, HashAlgorithm::kSha3_384},
                    {22, HashAlgorithm::kSha3_512},
                    {17, HashAlgorithm::kSm3},
                    {kVerityBit + 4, HashAlgorithm::kVeritySha256},
                    {kVerityBit + 6, HashAlgorithm::kVeritySha512}}};

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(EBADMSG, std::string(what));
}

struct Field {
  std::uint16_t type;
  Bytes value;
};

Result<Field> TakeField(ByteReader& in) {
  const auto type = in.TakeBe16();
  const auto length = in.TakeBe32();
  if (!type || !length) return Malformed("truncated field");
  const auto value = in.Take(*length);
  if (!value) return Malformed("field leaves the list");
  return Field{*type, *value};
}

Result<HashAlgorithm> ReadAlgorithm(Bytes value) {
  ByteReader in(value);
  const auto number = in.TakeBe16();
  if (!number || !in.empty()) return Malformed("ALGO has not 2 bytes");
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == *number) return algorithm;
  }
  return Fail(EOPNOTSUPP,
              "hash algorithm " + std::to_string(*number) + " is not known");
}

// The number itself is only a hint for the kernel's allocation.
Result<void> CheckNumEntries(Bytes value) {
  ByteReader in(value);
  const auto number = in.TakeBe32();
  if (!number || !in.empty()) return Malformed("NUM_ENTRIES has not 4 bytes");
  if (*number == 0) return Malformed("NUM_ENTRIES is 0");
  return {};
}

Result<std::string> ReadPath(Bytes value) {
  std::string_view text = AsText(value);
  if (text.ends_with('\0')) text.remove_suffix(1);
  if (text.find('\0') != std::string_view::npos) {
    return Malformed("NUL inside a path");
  }
  return std::string(text);
}

Result<ListedFile> ReadEntry(Bytes value, HashAlgorithm algorithm) {
  std::optional<Digest> digest;
  std::optional<std::string> path;
  ByteReader in(value);
  while (!in.empty()) {
    const auto field = TakeField(in);
    if (!field) return Fail(field.error());
    if (field->type == kDigest && !digest) {
      auto read = Digest::FromBytes(algorithm, field->value);
      if (!read) return Malformed(read.error().message());
      digest = std::move(*read);
    } else if (field->type == kPath && !path) {
      auto read = ReadPath(field->value);
      if (!read) return Fail(read.error());
      path = std::move(*read);
    } else {
      return Malformed("unknown or repeated field " +
                       std::to_string(field->type) + " in an ENTRY");
    }
  }
  if (!digest) return Malformed("ENTRY without a DIGEST");
  return ListedFile{std::move(*digest), std::move(path).value_or(""), {}};
}

void AppendField(ByteVector& out, std::uint16_t type, Bytes value) {
  AppendBe16(out, type);
  AppendBe32(out, static_cast<std::uint32_t>(value.size()));
  AppendBytes(out, value);
}

void AppendEntry(ByteVector& out, const ListedFile& file) {
  ByteVector entry;
  AppendField(entry, kDigest, file.digest.value());
  if (!file.path.empty()) {
    // With its NUL, as the kernel's tools write it.
    const std::string_view path(file.path.c_str(), file.path.size() + 1);
    AppendField(entry, kPath, AsBytes(path));
  }
  AppendField(out, kEntry, entry);
}

// What the fields so far say.
struct State {
  std::optional<HashAlgorithm> algorithm;
  // The kernel makes one table for each algorithm at its NUM_ENTRIES; one that
  // was announced earlier may be returned to.
  std::array<bool, kHashAlgorithmCount> announced{};
  std::vector<ListedFile> files;
};

Result<void> TakeTopField(ByteReader& in, State& state) {
  const auto index = [&state] {
    return static_cast<std::size_t>(*state.algorithm);
  };
  const auto field = TakeField(in);
  if (!field) return Fail(field.error());
  if (field->type == kAlgo) {
    const auto read = ReadAlgorithm(field->value);
    if (!read) return Fail(read.error());
    state.algorithm = *read;
  } else if (field->type == kNumEntries) {
    if (!state.algorithm) return Malformed("NUM_ENTRIES before ALGO");
    const auto checked = CheckNumEntries(field->value);
    if (!checked) return Fail(checked.error());
    state.announced[index()] = true;
  } else if (field->type == kEntry) {
    if (!state.algorithm || !state.announced[index()]) {
      return Malformed("ENTRY before NUM_ENTRIES");
    }
    auto file = ReadEntry(field->value, *state.algorithm);
    if (!file) return Fail(file.error());
    state.files.push_back(std::move(*file));
  } else {
    return Malformed("unknown field " + std::to_string(field->type));
  }
  return {};
}

}  // namespace

Result<DigestList> ParseTlv(Bytes bytes) {
  if (bytes.size() > kMaxListBytes) return Malformed("TLV list: too large");
  State state;
  ByteReader in(bytes);
  while (!in.empty()) {
    const std::size_t start = bytes.size() - in.left();
    auto taken = TakeTopField(in, state);
    if (!taken) {
      return Fail(std::move(taken).error().WithContext(
          "TLV list: field at byte " + std::to_string(start)));
    }
  }
  DigestList list;
  list.format = ListFormat::kTlv;
  list.files = std::move(state.files);
  return list;
}

ByteVector WriteTlv(const std::vector<ListedFile>& files) {
  ByteVector out;
  for (const auto& [number, algorithm] : kAlgorithms) {
    ByteVector entries;
    std::uint32_t count = 0;
    for (const ListedFile& file : files) {
      if (file.digest.algorithm() != algorithm) continue;
      AppendEntry(entries, file);
      ++count;
    }
    if (count == 0) continue;
    ByteVector value;
    AppendBe16(value, number);
    AppendField(out, kAlgo, value);
    value.clear();
    AppendBe32(value, count);
    AppendField(out, kNumEntries, value);
    AppendBytes(out, entries);
  }
  return out;
}

}  // namespace assayfs
