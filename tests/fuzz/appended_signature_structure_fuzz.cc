// SPDX-License-Identifier: Apache-2.0
// Fuzzes SplitSignature with signed files that are nearly right: a payload, a
// signature and a trailer with lengths, types and padding changed here and
// there. What must come of it is known while they are made.
#include <algorithm>
#include <cerrno>
#include <string_view>

#include "instructions.h"
#include "lists/appended_signature.h"
#include "target.h"

namespace assayfs::fuzz {
namespace {

constexpr std::string_view kMarker = "~Module signature appended~\n";

// A file, and what its trailer says.
struct Made {
  ByteVector bytes;
  std::size_t before_trailer = 0;
  std::uint8_t id_type = 0;
  bool zeros = true;  // where there must be
  std::uint32_t signature_bytes = 0;
};

Made MakeFile(Instructions& choose) {
  Made made;
  const std::string payload = choose.Text(200);
  const std::string signature = choose.Text(40);
  AppendBytes(made.bytes, AsBytes(payload));
  // A payload may itself be signed, or look like it.
  if (choose.Below(8) == 1) AppendBytes(made.bytes, AsBytes(kMarker));
  AppendBytes(made.bytes, AsBytes(signature));
  made.before_trailer = made.bytes.size();
  made.id_type = choose.Below(4) == 1
                     ? choose.Byte()
                     : static_cast<std::uint8_t>(2 * choose.Below(2));
  const auto size = static_cast<std::uint32_t>(signature.size());
  made.signature_bytes = choose.Below(4) == 1 ? choose.Tricky(size) : size;
  const auto padding = [&] {
    const std::uint8_t value = choose.Below(32) == 1 ? choose.Byte() : 0;
    made.zeros &= value == 0;
    made.bytes.push_back(std::byte{value});
  };
  for (int i = 0; i < 2; ++i) padding();
  made.bytes.push_back(std::byte{made.id_type});
  for (int i = 0; i < 5; ++i) padding();
  AppendBe32(made.bytes, made.signature_bytes);
  AppendBytes(made.bytes, AsBytes(kMarker));
  return made;
}

void CheckWhole(const Made& made) {
  const auto split = SplitSignature(made.bytes);
  const bool known = made.id_type == 0 || made.id_type == 2;
  const bool fits =
      made.signature_bytes > 0 && made.signature_bytes <= made.before_trailer;
  Require(split.has_value() == (made.zeros && known && fits));
  if (!split) {
    Require(split.error().code() ==
            (made.zeros && !known ? EOPNOTSUPP : EBADMSG));
    return;
  }
  Require(split->signature.has_value());
  const std::size_t payload = made.before_trailer - made.signature_bytes;
  const Bytes all(made.bytes);
  Require(std::ranges::equal(split->payload, all.first(payload)));
  Require(std::ranges::equal(split->signature->signature,
                             all.subspan(payload, made.signature_bytes)));
  Require((split->signature->format == SignatureFormat::kPkcs7) ==
          (made.id_type == 2));
}

// Of a file that is damaged: nothing escapes both signature and payload.
void CheckDamaged(Bytes bytes) {
  const auto split = SplitSignature(bytes);
  if (!split) return;
  if (!split->signature) {
    Require(std::ranges::equal(split->payload, bytes));
    return;
  }
  Require(std::ranges::equal(
      AppendSignature(split->payload, split->signature->format,
                      split->signature->signature),
      bytes));
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;  // NOLINT: all of it
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  Made made = MakeFile(choose);
  CheckWhole(made);
  Damage(choose, made.bytes);
  CheckDamaged(made.bytes);
  return 0;
}
