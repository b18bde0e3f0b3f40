// SPDX-License-Identifier: Apache-2.0
// Fuzzes Pkcs7Verifier with a real signature whose DER is changed as a tree:
// parts go, come twice, change places, get other bytes. Whatever becomes of
// it, only the one signer can be good, and only over the one text.
#include <algorithm>
#include <utility>

#include "der_tree.h"
#include "instructions.h"
#include "pkcs7_vector.h"
#include "target.h"
#include "trust/pkcs7_verifier.h"

namespace assayfs::fuzz {
namespace {

constexpr int kMaxDepth = 32;

void ChangeValue(Instructions& choose, DerNode& node) {
  const std::string text = choose.Text(8);
  if (node.value.empty() || choose.Below(4) == 1) {
    node.value = ToVector(AsBytes(text));
    return;
  }
  const std::size_t at = choose.Below(65536) % node.value.size();
  node.value[at] ^= std::byte{choose.Byte()};
}

void ChangeTree(Instructions& choose, std::vector<DerNode>& tree) {
  std::vector<std::vector<DerNode>*> lists;
  CollectSiblings(tree, lists);
  if (lists.empty()) return;
  std::vector<DerNode>& list = *lists[choose.Below(65536) % lists.size()];
  const std::size_t at = choose.Below(65536) % list.size();
  const std::size_t other = choose.Below(65536) % list.size();
  const auto place = list.begin() + static_cast<std::ptrdiff_t>(at);
  switch (choose.Below(6)) {
    case 0:
      list.erase(place);
      break;
    case 1: {
      DerNode copy = list[other];
      list.insert(place, std::move(copy));
      break;
    }
    case 2:
      std::swap(list[at], list[other]);
      break;
    case 3:
      list[at].tag = choose.Byte();
      break;
    case 4:
      list[at].length_error = static_cast<int>(choose.Below(9)) - 4;
      break;
    default:
      ChangeValue(choose, list[at]);
  }
}

void CheckLine(const std::string& text) {
  Require(
      std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; }));
}

void Check(const Pkcs7Verifier& verifier, Bytes signature, bool changed) {
  const SignatureCheck check = verifier.Verify(AsBytes(kSignedText), signature);
  CheckLine(check.detail);
  CheckLine(check.signer.name);
  const bool good = check.status == SignatureStatus::kGood;
  Require(good || changed);
  Require(good == (check.signer.fingerprint == kSigner));
  Require(good || check.signer.fingerprint.empty());
  Require(verifier.Verify(AsBytes("another text"), signature).status !=
          SignatureStatus::kGood);
  Require(Pkcs7Verifier().Verify(AsBytes(kSignedText), signature).status !=
          SignatureStatus::kGood);
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  if (size > kMaxInputBytes) return 0;
  static const assayfs::ByteVector signature =
      assayfs::FromHex(kSignature).value();
  static const assayfs::Pkcs7Verifier verifier = [] {
    assayfs::Pkcs7Verifier made;
    Require(made.AddCertificate(kRoot).has_value());
    return made;
  }();
  Instructions choose(AsInput(data, size));
  auto tree = ReadDer(signature, kMaxDepth);
  Require(tree.has_value() && WriteDer(*tree) == signature);
  const std::uint32_t changes = choose.Below(5);
  for (std::uint32_t i = 0; i < changes; ++i) ChangeTree(choose, *tree);
  assayfs::ByteVector changed = WriteDer(*tree);
  Damage(choose, changed);
  Check(verifier, changed, changed != signature);
  return 0;
}
