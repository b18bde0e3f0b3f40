// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reading of OpenPGP packets and signatures with ones that are
// nearly right: lengths of every form, subpackets of every kind. What was not
// changed must be read as it was written.
#include <algorithm>
#include <optional>
#include <vector>

#include "instructions.h"
#include "target.h"
#include "trust/openpgp_certificate_packets.h"
#include "trust/openpgp_packets.h"

namespace assayfs::fuzz {
namespace {

// A length as packets of the new format and subpackets write it: in one, two
// or five bytes. Five always fit.
void AppendLength(Instructions& choose, ByteVector& out, std::size_t size) {
  const std::uint32_t form = choose.Below(3);
  if (form == 0 && size < 192) {
    out.push_back(std::byte(size));
  } else if (form <= 1 && size >= 192 && size < 8384) {
    out.push_back(std::byte(((size - 192) >> 8) + 192));
    out.push_back(std::byte((size - 192) & 0xff));
  } else {
    out.push_back(std::byte{0xff});
    AppendBe32(out, static_cast<std::uint32_t>(size));
  }
}

void AppendSubpacket(Instructions& choose, ByteVector& out, std::uint8_t type,
                     Bytes body) {
  AppendLength(choose, out, body.size() + 1);
  out.push_back(std::byte{type});
  AppendBytes(out, body);
}

// A version 4 signature, and what must be read from it.
struct Made {
  ByteVector body;
  std::uint32_t created = 0;
  std::uint32_t expires_after = 0;
  std::string issuer;
  bool has_key_flags = false;
  bool is_sound = true;
};

// One subpacket that says nothing, or spoils the signature.
void AppendOther(Instructions& choose, ByteVector& area, Made& made) {
  // Unknown, a notation, a preference, features.
  const std::uint32_t choice = choose.Below(8);
  const std::string text = choose.Text(250);
  if (choice == 7) {
    made.is_sound = false;
    AppendSubpacket(choose, area, choose.Byte(), AsBytes(text));
  } else {
    AppendSubpacket(choose, area, static_cast<std::uint8_t>(100 + choice),
                    AsBytes(text));
  }
}

ByteVector ChooseCovered(Instructions& choose, Made& made) {
  ByteVector area;
  ByteVector value;
  made.created = choose.Word();
  AppendBe32(value, made.created);
  AppendSubpacket(choose, area, 2, value);
  if (choose.Below(2) == 1) {
    made.expires_after = choose.Word();
    value.clear();
    AppendBe32(value, made.expires_after);
    AppendSubpacket(choose, area, 3, value);
  }
  if (choose.Below(2) == 1) {
    made.has_key_flags = true;
    AppendSubpacket(choose, area, 27, ByteVector{std::byte{choose.Byte()}});
  }
  if (choose.Below(4) == 1) AppendOther(choose, area, made);
  return area;
}

ByteVector ChooseOpen(Instructions& choose, Made& made) {
  ByteVector area;
  ByteVector key_id(8);
  key_id[0] = std::byte{choose.Byte()};
  AppendSubpacket(choose, area, 16, key_id);
  made.issuer = ToHex(key_id);
  if (choose.Below(2) == 1) {
    ByteVector fingerprint(21);
    fingerprint[0] = std::byte{4};
    fingerprint[20] = std::byte{choose.Byte()};
    AppendSubpacket(choose, area, 33, fingerprint);
    made.issuer = ToHex(Bytes(fingerprint).subspan(1));
  }
  if (choose.Below(4) == 1) AppendOther(choose, area, made);
  return area;
}

Made ChooseSignature(Instructions& choose) {
  Made made;
  made.body = FromHex("04000108").value();
  const ByteVector covered = ChooseCovered(choose, made);
  const ByteVector open = ChooseOpen(choose, made);
  AppendBe16(made.body, static_cast<std::uint16_t>(covered.size()));
  AppendBytes(made.body, covered);
  AppendBe16(made.body, static_cast<std::uint16_t>(open.size()));
  AppendBytes(made.body, open);
  AppendBytes(made.body, FromHex("abcd0009"
                                 "01ff")
                             .value());
  if (choose.Below(8) == 1) {
    made.is_sound = false;
    Damage(choose, made.body);
  }
  return made;
}

void CheckSignature(const Made& made) {
  const auto read = ParseOpenPgpSignature(made.body);
  if (!made.is_sound) {
    if (read) {
      Require(read->issuer.size() == 16 || read->issuer.size() == 40);
    }
    static_cast<void>(OutlineOpenPgpSignature(made.body));
    return;
  }
  Require(read.has_value());
  Require(read->created == made.created);
  Require(read->expires_after == made.expires_after);
  Require(read->issuer == made.issuer);
  Require(read->numbers.size() == 1 && ToHex(read->numbers[0]) == "01ff");
  // What is hashed: the signature up to the end of what it covers, and six
  // bytes that say how long that is.
  const std::size_t covered = read->trailer.size() - 6;
  Require(std::equal(read->trailer.begin(), read->trailer.end() - 6,
                     made.body.begin()));
  Require(ToHex(Bytes(read->trailer).last(6).first(2)) == "04ff");
  ByteReader length(Bytes(read->trailer).last(4));
  Require(length.TakeBe32() == covered);
  const auto outline = OutlineOpenPgpSignature(made.body);
  Require(outline && outline->type == 0 && outline->created == made.created);
  Require(outline->has_key_flags == made.has_key_flags);
}

void AppendPacket(Instructions& choose, ByteVector& out, std::uint8_t tag,
                  Bytes body) {
  const std::uint32_t form = choose.Below(4);
  if (form != 3 || tag > 15) {
    out.push_back(std::byte(0xc0 | tag));
    AppendLength(choose, out, body.size());
    return AppendBytes(out, body);
  }
  // The old format has lengths of one, two and four bytes.
  const std::uint32_t size = choose.Below(3);
  const auto length = static_cast<std::uint32_t>(body.size());
  if (size == 0 && length < 256) {
    out.push_back(std::byte(0x80 | tag << 2));
    out.push_back(std::byte(length));
  } else if (size == 1 && length < 65536) {
    out.push_back(std::byte(0x81 | tag << 2));
    AppendBe16(out, static_cast<std::uint16_t>(length));
  } else {
    out.push_back(std::byte(0x82 | tag << 2));
    AppendBe32(out, length);
  }
  AppendBytes(out, body);
}

void CheckPackets(Bytes bytes) {
  const auto packets = SplitOpenPgpPackets(bytes, 16);
  if (!packets) return;
  ByteVector joined;
  for (const OpenPgpPacket& packet : *packets) {
    AppendBytes(joined, packet.whole);
    static_cast<void>(ParseOpenPgpSignature(packet.body));
    static_cast<void>(ParseOpenPgpKey(packet.body));
  }
  Require(std::ranges::equal(joined, bytes));
  // What is left of a certificate is packets of it, in their order.
  const ByteVector left = OnlyRevocations(*packets);
  const auto again = SplitOpenPgpPackets(left, 16);
  Require(again.has_value() && again->size() <= packets->size());
  Require(OnlyRevocations(*again) == left);
  Require(SubkeysWithKeyFlags(*packets).size() <= packets->size());
}

}  // namespace
}  // namespace assayfs::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace assayfs::fuzz;
  using assayfs::ByteVector;
  if (size > kMaxInputBytes) return 0;
  Instructions choose(AsInput(data, size));
  ByteVector row;
  std::vector<ByteVector> bodies;
  const std::uint32_t count = choose.Below(6);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Made made = ChooseSignature(choose);
    CheckSignature(made);
    constexpr std::array<std::uint8_t, 5> kTags = {2, 6, 13, 14, 40};
    const std::uint8_t tag = kTags[choose.Below(kTags.size())];
    bodies.push_back(made.body);
    AppendPacket(choose, row, tag, made.body);
  }
  const auto packets = assayfs::SplitOpenPgpPackets(row, 16);
  Require(packets.has_value() && packets->size() == bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    Require(std::ranges::equal((*packets)[i].body, bodies[i]));
  }
  CheckPackets(row);
  Damage(choose, row);
  CheckPackets(row);
  return 0;
}
