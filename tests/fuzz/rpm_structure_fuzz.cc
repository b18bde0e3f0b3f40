// SPDX-License-Identifier: Apache-2.0
// Fuzzes ParseRpmHeader and ParseRpmPackage with headers and packages that are
// nearly right: built by HeaderBuilder, then changed in small ways. What is
// read must agree with a second, simple reader.
#include <algorithm>
#include <array>
#include <cctype>

#include "instructions.h"
#include "lists/rpm_header.h"
#include "plain_rpm.h"
#include "support/header_builder.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

using testing::BuildPackage;
using testing::HeaderBuilder;
using testing::TagBinary;
using testing::TagNumbers16;
using testing::TagNumbers32;
using testing::TagString;
using testing::TagStrings;
using testing::TagValue;

// Algorithms as OpenPGP counts them, with the bytes of their digests.
struct Algorithm {
  std::uint32_t number;
  std::size_t bytes;
};
constexpr std::array<Algorithm, 9> kAlgorithms = {{{8, 32},
                                                   {1, 16},
                                                   {2, 20},
                                                   {9, 48},
                                                   {10, 64},
                                                   {11, 28},
                                                   {12, 32},
                                                   {14, 64},
                                                   {99, 32}}};

std::uint32_t ChooseTag(Instructions& choose) {
  constexpr std::array<std::uint32_t, 14> kTags = {1035, 1117, 1118, 1116, 1030,
                                                   5011, 1027, 63,   1000, 1001,
                                                   1002, 1003, 1022, 1004};
  return kTags[choose.Below(kTags.size())];
}

// A value of any type for a tag, with a count that may not fit.
TagValue ChooseValue(Instructions& choose) {
  const std::uint32_t tag = ChooseTag(choose);
  TagValue value;
  switch (choose.Below(5)) {
    case 0:
      value = TagString(tag, choose.Text(20));
      break;
    case 1:
      value = TagStrings(tag, {choose.Text(70), choose.Text(70)});
      break;
    case 2:
      value = TagNumbers16(tag, {static_cast<std::uint16_t>(choose.Word())});
      break;
    case 3:
      value = TagNumbers32(tag, {choose.Tricky(8), choose.Tricky(0)});
      break;
    default:
      value = TagBinary(tag, AsBytes(choose.Text(20)));
  }
  if (choose.Below(4) == 1) value.count = choose.Tricky(value.count);
  if (choose.Below(4) == 1) value.type = choose.Below(12);
  // A string without its end.
  if (choose.Below(4) == 1 && !value.data.empty()) value.data.pop_back();
  return value;
}

// Returns whether the algorithm is one that is known.
bool ChooseFiles(Instructions& choose, HeaderBuilder& builder) {
  const Algorithm& algorithm =
      kAlgorithms[choose.Below(8) == 1 ? choose.Below(kAlgorithms.size()) : 0];
  builder.Algorithm(algorithm.number);
  const std::uint32_t count = choose.Below(6);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string hex;
    const std::uint8_t start = choose.Byte();
    if (start % 4 != 1) {
      ByteVector digest(algorithm.bytes, std::byte{0x5a});
      digest[0] = std::byte{start};
      hex = ToHex(digest);
    }
    const std::string folder = "/" + std::to_string(choose.Below(3)) + "/";
    std::string name = choose.Text(12);
    std::erase_if(name, [](char c) { return c == '\0' || c == '/'; });
    builder.File(folder + name, hex,
                 static_cast<std::uint16_t>(choose.Below(65536)));
  }
  return algorithm.number != 99;
}

// Returns whether anything was changed.
bool ChooseChanges(Instructions& choose, HeaderBuilder& builder) {
  const std::uint32_t changes = choose.Below(5);
  for (std::uint32_t i = 0; i < changes; ++i) {
    switch (choose.Below(7)) {
      case 0:
        builder.WrongOffset(ChooseTag(choose), choose.Tricky(choose.Byte()));
        break;
      case 1:
        builder.WrongCount(ChooseTag(choose), choose.Tricky(choose.Below(8)));
        break;
      case 2:
        builder.Drop(ChooseTag(choose));
        break;
      case 3:
        builder.Again(ChooseValue(choose));
        break;
      case 4:
        builder.AfterRegion(ChooseValue(choose));
        break;
      case 5:
        builder.WithoutRegion();
        break;
      default:
        builder.Set(ChooseValue(choose));
    }
  }
  return changes != 0;
}

void CheckHeader(Bytes header) {
  const auto list = ParseRpmHeader(header);
  if (!list) {
    Require(!list.error().message().empty());
    return;
  }
  const auto plain = PlainRpm(header).Files();
  Require(plain.has_value());
  Require(plain->size() == list->files.size());
  for (std::size_t i = 0; i < plain->size(); ++i) {
    const ListedFile& file = list->files[i];
    std::string hex = (*plain)[i].hex;
    for (char& c : hex) c = static_cast<char>(std::tolower(c));
    Require(file.path == (*plain)[i].path && file.path.size() <= 4096);
    Require(file.digest.Hex() == hex);
    Require(file.digest.value().size() == DigestBytes(file.digest.algorithm()));
    Require((*plain)[i].mode ==
            (file.mode ? static_cast<int>(*file.mode) : -1));
  }
}

void CheckPackage(Instructions& choose, const ByteVector& header) {
  const std::string rsa = choose.Text(8) + "r";
  std::vector<TagValue> tags = {TagBinary(267, AsBytes("dsa")),
                                TagBinary(268, AsBytes(rsa)),
                                TagStrings(278, {"b25l", "Zm91cg=="})};
  const bool changed = choose.Below(3) == 1;
  if (changed) tags.push_back(ChooseValue(choose));
  ByteVector bytes = BuildPackage(header, tags);
  const ByteVector sound = bytes;
  Damage(choose, bytes);
  const auto package = ParseRpmPackage(bytes);
  if (!package) return;
  Require(LooksLikeRpmPackage(bytes));
  Require(package->header.size() <= bytes.size());
  Require(std::search(bytes.begin(), bytes.end(), package->header.begin(),
                      package->header.end()) != bytes.end());
  CheckHeader(package->header);
  if (bytes != sound || changed) return;
  Require(package->header == header);
  // Repetitions are left out.
  Require(AsText(package->signatures) ==
          rsa + (rsa == "four" ? "dsaone" : "dsaonefour"));
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  assayfs::testing::HeaderBuilder builder;
  const bool known = ChooseFiles(choose, builder);
  const bool changed = ChooseChanges(choose, builder);
  assayfs::ByteVector header = builder.Build();
  if (known && !changed) Require(assayfs::ParseRpmHeader(header).has_value());
  CheckPackage(choose, header);
  Damage(choose, header);
  CheckHeader(header);
  return 0;
}
