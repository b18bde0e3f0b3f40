// SPDX-License-Identifier: Apache-2.0
// The signature that the kernel's tools append to a file: splitting, joining.
#include "lists/appended_signature.h"

#include <algorithm>
#include <string_view>

namespace assayfs {
namespace {

constexpr std::string_view kMarker = "~Module signature appended~\n";

// struct module_signature: algo, hash, id_type, signer_len, key_id_len,
// 3 bytes of padding, be32 sig_len.
constexpr std::size_t kTrailerBytes = 12;
constexpr std::uint8_t kIdOpenPgp = 0;
constexpr std::uint8_t kIdPkcs7 = 2;

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(EBADMSG, "appended signature: " + std::string(what));
}

bool AllZero(Bytes bytes) {
  return std::ranges::all_of(bytes,
                             [](std::byte b) { return b == std::byte{0}; });
}

// Takes count bytes off the end of rest; nothing if it has fewer.
std::optional<Bytes> TakeLast(Bytes& rest, std::size_t count) {
  if (count > rest.size()) return std::nullopt;
  ByteReader in(rest);
  rest = *in.Take(rest.size() - count);
  return in.Take(count);
}

}  // namespace

Result<SplitList> SplitSignature(Bytes bytes) {
  Bytes rest = bytes;
  const auto marker = TakeLast(rest, kMarker.size());
  if (!marker || AsText(*marker) != kMarker) {
    return SplitList{bytes, std::nullopt};
  }
  const auto trailer = TakeLast(rest, kTrailerBytes);
  if (!trailer) return Malformed("truncated");
  ByteReader in(*trailer);
  const auto algorithm_and_hash = in.Take(2);
  const auto id_type = in.TakeU8();
  const auto lengths_and_padding = in.Take(5);
  const auto signature_bytes = in.TakeBe32();
  if (!algorithm_and_hash || !id_type || !lengths_and_padding ||
      !signature_bytes) {
    return Malformed("truncated");
  }
  if (!AllZero(*algorithm_and_hash) || !AllZero(*lengths_and_padding)) {
    return Malformed("a field that must be zero is not");
  }
  if (*id_type != kIdOpenPgp && *id_type != kIdPkcs7) {
    return Fail(EOPNOTSUPP, "appended signature: type " +
                                std::to_string(*id_type) + " is not known");
  }
  if (*signature_bytes == 0) return Malformed("empty");
  const auto signature = TakeLast(rest, *signature_bytes);
  if (!signature) return Malformed("longer than the file");
  return SplitList{
      rest, AppendedSignature{*id_type == kIdPkcs7 ? SignatureFormat::kPkcs7
                                                   : SignatureFormat::kOpenPgp,
                              *signature}};
}

ByteVector AppendSignature(Bytes payload, SignatureFormat format,
                           Bytes signature) {
  ByteVector out = ToVector(payload);
  AppendBytes(out, signature);
  const auto id_type =
      format == SignatureFormat::kPkcs7 ? kIdPkcs7 : kIdOpenPgp;
  AppendBe16(out, 0);
  AppendBe16(out, static_cast<std::uint16_t>(id_type << 8));
  AppendBe32(out, 0);
  AppendBe32(out, static_cast<std::uint32_t>(signature.size()));
  AppendBytes(out, AsBytes(kMarker));
  return out;
}

}  // namespace assayfs
