// SPDX-License-Identifier: Apache-2.0
// Reading OpenPGP packets: splitting, signature packets and public keys.
#include "trust/openpgp_packets.h"

#include <string_view>

namespace assayfs {
namespace {

constexpr std::uint8_t kBinaryDocument = 0x00;
constexpr std::size_t kFingerprintBytes = 20;

// Subpacket types, RFC 4880 section 5.2.3.1; 33 is from RFC 9580.
constexpr std::uint8_t kCreationTime = 2;
constexpr std::uint8_t kExpirationTime = 3;
constexpr std::uint8_t kIssuer = 16;
constexpr std::uint8_t kKeyFlags = 27;
constexpr std::uint8_t kSignersUserId = 28;
constexpr std::uint8_t kIssuerFingerprint = 33;

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(EBADMSG, "OpenPGP: " + std::string(what));
}

// Takes a length as packets of the new format and subpackets write it. The
// forms for partial lengths are no length here.
enum class LengthForm { kPacket, kSubpacket };
std::optional<std::uint32_t> TakeLength(ByteReader& in, LengthForm form) {
  const auto first = in.TakeU8();
  if (!first || *first < 192) return first;
  if (*first == 255) return in.TakeBe32();
  if (form == LengthForm::kPacket && *first >= 224) return std::nullopt;
  const auto second = in.TakeU8();
  if (!second) return std::nullopt;
  return ((std::uint32_t{*first} - 192) << 8) + *second + 192;
}

// The old format gives the size of the length in the two low bits; 3 means
// "up to the end of the file".
std::optional<std::uint32_t> TakeOldLength(ByteReader& in, unsigned size) {
  switch (size) {
    case 0:
      return in.TakeU8();
    case 1:
      return in.TakeBe16();
    case 2:
      return in.TakeBe32();
    default:
      return std::nullopt;
  }
}

std::optional<OpenPgpPacket> TakePacket(Bytes rest) {
  ByteReader in(rest);
  const auto first = in.TakeU8();
  if (!first || (*first & 0x80) == 0) return std::nullopt;
  const bool is_new = (*first & 0x40) != 0;
  OpenPgpPacket packet;
  packet.tag =
      static_cast<std::uint8_t>(is_new ? *first & 0x3f : (*first >> 2) & 0x0f);
  const auto length = is_new ? TakeLength(in, LengthForm::kPacket)
                             : TakeOldLength(in, *first & 0x03);
  if (!length) return std::nullopt;
  const auto body = in.Take(*length);
  if (!body) return std::nullopt;
  packet.body = *body;
  packet.whole = rest.first(rest.size() - in.left());
  return packet;
}

// Takes a number of at most 65,535 bits. Its leading zeros are dropped: some
// signers announce a bit more than there is.
std::optional<Bytes> TakeNumber(ByteReader& in) {
  const auto bits = in.TakeBe16();
  if (!bits) return std::nullopt;
  auto number = in.Take((std::size_t{*bits} + 7) / 8);
  if (!number) return std::nullopt;
  while (!number->empty() && number->front() == std::byte{0}) {
    *number = number->subspan(1);
  }
  return number;
}

bool TakeNumbers(ByteReader& in, std::size_t count, std::vector<Bytes>& out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = TakeNumber(in);
    if (!number) return false;
    out.push_back(*number);
  }
  return in.empty();
}

std::size_t NumbersInSignature(std::uint8_t algorithm) {
  switch (algorithm) {
    case kOpenPgpRsa:
    case kOpenPgpRsaSignOnly:
      return 1;
    case kOpenPgpEcdsa:
    case kOpenPgpEdDsa:
      return 2;
    default:
      return 0;
  }
}

Result<void> ReadNumbers(ByteReader& in, OpenPgpSignature& signature) {
  const std::size_t count = NumbersInSignature(signature.key_algorithm);
  if (count > 0 && !TakeNumbers(in, count, signature.numbers)) {
    return Malformed("the numbers of the signature do not fit");
  }
  return {};
}

enum class Covered { kYes, kNo };

// Reads the value of one subpacket. Only what the signature covers may say
// anything but who made it.
Result<void> ReadSubpacket(std::uint8_t type, Bytes value, Covered covered,
                           OpenPgpSignature& out,
                           std::optional<std::uint32_t>& created) {
  const bool critical = (type & 0x80) != 0;
  ByteReader in(value);
  switch (type & 0x7f) {
    case kIssuer:
      if (value.size() != 8) return Malformed("bad key id");
      if (out.issuer.empty()) out.issuer = ToHex(value);
      return {};
    case kIssuerFingerprint:
      // Of other versions there are no keys that we trust.
      if (in.TakeU8() == 4 && in.left() == kFingerprintBytes &&
          out.issuer.size() != 2 * kFingerprintBytes) {
        out.issuer = ToHex(value.subspan(1));
      }
      return {};
    case kSignersUserId:
      return {};
    case kCreationTime:
    case kExpirationTime: {
      if (covered == Covered::kNo) return {};
      const auto seconds = in.TakeBe32();
      if (!seconds || !in.empty()) return Malformed("bad time");
      if ((type & 0x7f) == kCreationTime) {
        created = *seconds;
      } else {
        out.expires_after = *seconds;
      }
      return {};
    }
    default:
      if (critical && covered == Covered::kYes) {
        return Fail(EOPNOTSUPP, "OpenPGP: unknown critical subpacket " +
                                    std::to_string(type & 0x7f));
      }
      return {};
  }
}

Result<void> ReadSubpackets(Bytes area, Covered covered, OpenPgpSignature& out,
                            std::optional<std::uint32_t>& created) {
  ByteReader in(area);
  while (!in.empty()) {
    const auto length = TakeLength(in, LengthForm::kSubpacket);
    if (!length || *length == 0) return Malformed("bad subpacket length");
    const auto subpacket = in.Take(*length);
    if (!subpacket) return Malformed("a subpacket leaves its area");
    const auto type = std::to_integer<std::uint8_t>(subpacket->front());
    auto read =
        ReadSubpacket(type, subpacket->subspan(1), covered, out, created);
    if (!read) return read;
  }
  return {};
}

Result<OpenPgpSignature> ParseVersion3(ByteReader in) {
  OpenPgpSignature out;
  const auto hashed_length = in.TakeU8();
  const auto hashed = in.Take(5);
  const auto key_id = in.Take(8);
  const auto key_algorithm = in.TakeU8();
  const auto hash_algorithm = in.TakeU8();
  const auto digest_start = in.TakeBe16();
  if (hashed_length != 5 || !hashed || !key_id || !key_algorithm ||
      !hash_algorithm || !digest_start) {
    return Malformed("truncated signature");
  }
  ByteReader fields(*hashed);
  if (fields.TakeU8() != kBinaryDocument) {
    return Fail(EOPNOTSUPP, "OpenPGP: not a signature over a binary document");
  }
  out.created = fields.TakeBe32().value_or(0);
  out.trailer = ToVector(*hashed);
  out.issuer = ToHex(*key_id);
  out.key_algorithm = *key_algorithm;
  out.hash_algorithm = *hash_algorithm;
  auto read = ReadNumbers(in, out);
  if (!read) return Fail(std::move(read).error());
  return out;
}

// What a version 4 signature hashes after the signed bytes: itself, up to the
// end of the covered subpackets, and the length of that.
ByteVector Version4Trailer(Bytes covered) {
  ByteVector trailer = ToVector(covered);
  AppendBe16(trailer, 0x04ff);
  AppendBe32(trailer, static_cast<std::uint32_t>(covered.size()));
  return trailer;
}

Result<OpenPgpSignature> ParseVersion4(Bytes body, ByteReader in) {
  OpenPgpSignature out;
  const auto type = in.TakeU8();
  const auto key_algorithm = in.TakeU8();
  const auto hash_algorithm = in.TakeU8();
  const auto covered_size = in.TakeBe16();
  const auto covered = in.Take(covered_size.value_or(0));
  const Bytes to_hash = body.first(body.size() - in.left());
  const auto open_size = in.TakeBe16();
  const auto open = in.Take(open_size.value_or(0));
  const auto digest_start = in.TakeBe16();
  if (!type || !key_algorithm || !hash_algorithm || !covered_size || !covered ||
      !open_size || !open || !digest_start) {
    return Malformed("truncated signature");
  }
  if (*type != kBinaryDocument) {
    return Fail(EOPNOTSUPP, "OpenPGP: not a signature over a binary document");
  }
  out.key_algorithm = *key_algorithm;
  out.hash_algorithm = *hash_algorithm;
  out.trailer = Version4Trailer(to_hash);
  std::optional<std::uint32_t> created;
  auto read = ReadSubpackets(*covered, Covered::kYes, out, created);
  if (read) read = ReadSubpackets(*open, Covered::kNo, out, created);
  if (read) read = ReadNumbers(in, out);
  if (!read) return Fail(std::move(read).error());
  if (!created) return Malformed("no covered creation time");
  if (out.issuer.empty()) return Malformed("the key is not named");
  out.created = *created;
  return out;
}

}  // namespace

Result<std::vector<OpenPgpPacket>> SplitOpenPgpPackets(
    Bytes bytes, std::size_t max_packets) {
  std::vector<OpenPgpPacket> packets;
  while (!bytes.empty()) {
    const auto packet = TakePacket(bytes);
    if (!packet) return Malformed("not a whole packet");
    if (packets.size() == max_packets) {
      return Fail(EFBIG, "OpenPGP: more than " + std::to_string(max_packets) +
                             " packets");
    }
    packets.push_back(*packet);
    bytes = bytes.subspan(packet->whole.size());
  }
  return packets;
}

Result<OpenPgpSignature> ParseOpenPgpSignature(Bytes body) {
  ByteReader in(body);
  const auto version = in.TakeU8();
  if (!version) return Malformed("empty signature");
  if (*version == 3) return ParseVersion3(in);
  if (*version == 4) return ParseVersion4(body, in);
  return Fail(EOPNOTSUPP,
              "OpenPGP: signature of version " + std::to_string(*version));
}

std::optional<OpenPgpSignatureOutline> OutlineOpenPgpSignature(Bytes body) {
  OpenPgpSignatureOutline out;
  ByteReader in(body);
  const auto version = in.TakeU8();
  if (version != 2 && version != 3 && version != 4) return std::nullopt;
  // The older ones have the size of what is hashed in between.
  const bool is_old = version != 4;
  if (is_old && !in.TakeU8()) return std::nullopt;
  const auto type = in.TakeU8();
  if (!type) return std::nullopt;
  out.type = *type;
  if (is_old) {
    out.created = in.TakeBe32().value_or(0);
    return out;
  }
  if (!in.Take(2)) return out;  // the algorithms
  const auto size = in.TakeBe16();
  const auto covered = in.Take(size.value_or(0));
  ByteReader area(covered.value_or(Bytes()));
  while (!area.empty()) {
    const auto length = TakeLength(area, LengthForm::kSubpacket);
    const auto subpacket = area.Take(length.value_or(0));
    if (!subpacket || subpacket->empty()) return out;
    ByteReader value(*subpacket);
    const int subpacket_type = value.TakeU8().value_or(0) & 0x7f;
    if (subpacket_type == kKeyFlags && !value.empty()) out.has_key_flags = true;
    if (subpacket_type == kCreationTime) {
      out.created = value.TakeBe32().value_or(0);
    }
  }
  return out;
}

Result<OpenPgpKeyNumbers> ParseOpenPgpKey(Bytes body) {
  ByteReader in(body);
  const auto version = in.TakeU8();
  const auto created = in.TakeBe32();
  const auto algorithm = in.TakeU8();
  if (!version || !created || !algorithm) return Malformed("truncated key");
  if (*version != 4) {
    return Fail(EOPNOTSUPP,
                "OpenPGP: key of version " + std::to_string(*version));
  }
  OpenPgpKeyNumbers key;
  key.algorithm = *algorithm;
  std::size_t numbers = 2;
  if (*algorithm == kOpenPgpEcdsa || *algorithm == kOpenPgpEdDsa) {
    const auto size = in.TakeU8();
    const auto curve = in.Take(size.value_or(0));
    if (!size || !curve) return Malformed("truncated key");
    key.curve = *curve;
    numbers = 1;
  } else if (*algorithm != kOpenPgpRsa && *algorithm != kOpenPgpRsaSignOnly) {
    return Fail(EOPNOTSUPP,
                "OpenPGP: key algorithm " + std::to_string(*algorithm));
  }
  if (!TakeNumbers(in, numbers, key.numbers)) return Malformed("truncated key");
  return key;
}

}  // namespace assayfs
