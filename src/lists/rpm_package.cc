// SPDX-License-Identifier: Apache-2.0
// RPM packages: finding the signed header and its signatures.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lists/digest_list.h"
#include "lists/rpm_header.h"
#include "lists/rpm_tags.h"

namespace assayfs {
namespace {

constexpr std::size_t kLeadBytes = 96;
constexpr std::array<std::byte, 4> kLeadMagic = {
    std::byte{0xed}, std::byte{0xab}, std::byte{0xee}, std::byte{0xdb}};

// The signature header is padded so that the main header starts at a multiple
// of this.
constexpr std::size_t kAlignment = 8;

// A package has a handful of signatures. The limit keeps the search for
// repetitions short.
constexpr std::size_t kMaxSignatures = 256;

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(EBADMSG, "RPM package: " + std::string(what));
}

int Base64Value(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+') return 62;
  if (digit == '/') return 63;
  return -1;
}

// Decodes base64 with padding (RFC 4648, section 4). Nothing for any other
// character, line ends too, and for a length that is not a multiple of 4.
std::optional<ByteVector> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
    text.remove_suffix(1);
  }
  ByteVector bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t pending = 0;
  int pending_bits = 0;
  for (const char digit : text) {
    const int value = Base64Value(digit);
    if (value < 0) return std::nullopt;
    pending = (pending << 6) | static_cast<std::uint32_t>(value);
    pending_bits += 6;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    bytes.push_back(static_cast<std::byte>(pending >> pending_bits));
    pending &= (1u << pending_bits) - 1;
  }
  if (pending != 0) return std::nullopt;
  return bytes;
}

Result<std::vector<ByteVector>> ReadSignatures(const RpmTags& tags) {
  std::vector<ByteVector> signatures;
  for (const RpmTag tag : {RpmTag::kRsaHeader, RpmTag::kDsaHeader}) {
    if (!tags.Has(tag)) continue;
    const auto packet = tags.Binary(tag);
    if (!packet) return Fail(packet.error());
    signatures.push_back(ToVector(*packet));
  }
  if (!tags.Has(RpmTag::kOpenPgp)) return signatures;
  const auto texts = tags.Strings(RpmTag::kOpenPgp);
  if (!texts) return Fail(texts.error());
  if (texts->size() > kMaxSignatures) return Malformed("too many signatures");
  for (const auto text : *texts) {
    auto packet = DecodeBase64(text);
    if (!packet) return Malformed("signature is not base64");
    signatures.push_back(std::move(*packet));
  }
  return signatures;
}

// rpm 6 stores the signature of tag 268 or 267 in tag 278 once more.
ByteVector JoinWithoutRepetition(const std::vector<ByteVector>& signatures) {
  ByteVector joined;
  for (auto packet = signatures.begin(); packet != signatures.end(); ++packet) {
    if (std::find(signatures.begin(), packet, *packet) != packet) continue;
    AppendBytes(joined, *packet);
  }
  return joined;
}

}  // namespace

bool LooksLikeRpmPackage(Bytes bytes) {
  ByteReader in(bytes);
  const auto magic = in.Take(kLeadMagic.size());
  return magic && std::ranges::equal(*magic, kLeadMagic);
}

Result<SignedHeader> ParseRpmPackage(Bytes bytes) {
  // The rest of the lead repeats, less exactly, what the header says.
  if (!LooksLikeRpmPackage(bytes)) return Malformed("wrong magic");
  ByteReader in(bytes);
  if (!in.Take(kLeadBytes)) return Malformed("truncated lead");
  const auto signature_tags = RpmTags::Take(in, RpmTags::Region::kIgnored);
  if (!signature_tags) {
    return Fail(
        Error(signature_tags.error()).WithContext("RPM package: signatures"));
  }
  const std::size_t past_end = (bytes.size() - in.left()) % kAlignment;
  if (past_end != 0 && !in.Take(kAlignment - past_end)) {
    return Malformed("truncated after the signatures");
  }
  const auto signatures = ReadSignatures(*signature_tags);
  if (!signatures) return Fail(signatures.error());

  ByteReader header(in);
  const auto tags = RpmTags::Take(in, RpmTags::Region::kRequired);
  if (!tags) return Fail(tags.error());
  SignedHeader result;
  result.header = ToVector(*header.Take(header.left() - in.left()));
  if (result.header.size() > kMaxListBytes)
    return Malformed("header too large");
  result.signatures = JoinWithoutRepetition(*signatures);
  return result;
}

}  // namespace assayfs
