// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseTlv with lists that are nearly right: fields in a sensible order
// with lengths, types and nesting changed here and there. What is read must
// agree with a second, simple reader.
#include <array>
#include <string>
#include <vector>

#include "instructions.h"
#include "lists/tlv.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

// Linux' numbers of hash algorithms, and ours of fs-verity digests, with the
// bytes of their digests.
struct Algorithm {
  std::uint16_t number;
  std::size_t bytes;
};
constexpr std::array<Algorithm, 13> kAlgorithms = {{{4, 32},
                                                    {1, 16},
                                                    {2, 20},
                                                    {7, 28},
                                                    {5, 48},
                                                    {6, 64},
                                                    {17, 32},
                                                    {20, 32},
                                                    {21, 48},
                                                    {22, 64},
                                                    {0x8004, 32},
                                                    {0x8006, 64},
                                                    {3, 20}}};

void AppendField(Instructions& choose, ByteVector& out, std::uint16_t type,
                 Bytes value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  const bool wrong = choose.Below(32) == 1;
  if (choose.Below(64) == 1) type = choose.Byte();
  AppendBe16(out, type);
  AppendBe32(out, wrong ? choose.Tricky(size) : size);
  AppendBytes(out, value);
}

void AppendEntry(Instructions& choose, ByteVector& out, std::size_t bytes) {
  ByteVector digest(choose.Below(32) == 1 ? choose.Below(70) : bytes);
  if (!digest.empty()) digest[0] = std::byte{choose.Byte()};
  ByteVector entry;
  const std::uint32_t order = choose.Below(4);
  const std::string path = choose.Text(12);
  if (order == 1) AppendField(choose, entry, 1, AsBytes(path));
  if (order != 2 || !choose.Rarely(3)) AppendField(choose, entry, 0, digest);
  if (order > 1) AppendField(choose, entry, 1, AsBytes(path));
  // An entry inside an entry.
  if (choose.Below(64) == 1) AppendField(choose, entry, 2, ToVector(entry));
  AppendField(choose, out, 2, entry);
}

ByteVector ChooseList(Instructions& choose) {
  ByteVector out;
  std::size_t digest_bytes = 32;
  const std::uint32_t fields = choose.Below(48);
  for (std::uint32_t field = 0; field < fields; ++field) {
    const std::uint32_t kind = choose.Below(8);
    ByteVector value;
    if (kind == 0 || field == 0) {
      const Algorithm& algorithm =
          kAlgorithms[choose.Below(kAlgorithms.size())];
      digest_bytes = algorithm.bytes;
      AppendBe16(value, algorithm.number);
      AppendField(choose, out, 0, value);
    } else if (kind == 1 || field == 1) {
      AppendBe32(value, choose.Below(16));
      AppendField(choose, out, 1, value);
    } else {
      AppendEntry(choose, out, digest_bytes);
    }
  }
  return out;
}

// The second reader: takes a list that the first one took, so it need not look
// for what is wrong with it.
struct PlainEntry {
  std::string digest;
  std::string path;
};
std::size_t Number(Bytes bytes, std::size_t at, std::size_t size) {
  std::size_t number = 0;
  for (std::size_t i = at; i < at + size; ++i) {
    number = number * 256 + std::to_integer<std::size_t>(bytes[i]);
  }
  return number;
}
std::vector<PlainEntry> ReadPlainly(Bytes list) {
  std::vector<PlainEntry> entries;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t type = Number(list, at, 2);
    const std::size_t end = at + 6 + Number(list, at + 2, 4);
    Require(end <= list.size());
    PlainEntry entry;
    std::size_t inner = at + 6;
    while (type == 2 && inner < end) {
      const std::size_t size = Number(list, inner + 2, 4);
      const Bytes value = list.subspan(inner + 6, size);
      if (Number(list, inner, 2) == 0) entry.digest = ToHex(value);
      if (Number(list, inner, 2) == 1) entry.path = AsText(value);
      inner += 6 + size;
    }
    if (entry.path.ends_with('\0')) entry.path.pop_back();
    if (type == 2) entries.push_back(entry);
    at = end;
  }
  return entries;
}

void Check(Bytes bytes) {
  const auto list = ParseTlv(bytes);
  if (!list) return;
  const auto plain = ReadPlainly(bytes);
  Require(plain.size() == list->files.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const ListedFile& file = list->files[i];
    Require(file.digest.Hex() == plain[i].digest);
    Require(file.digest.value().size() == DigestBytes(file.digest.algorithm()));
    Require(file.path == plain[i].path && !file.mode);
  }
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  assayfs::ByteVector list = ChooseList(choose);
  Check(list);
  Damage(choose, list);
  Check(list);
  return 0;
}
