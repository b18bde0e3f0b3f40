// SPDX-License-Identifier: Apache-2.0
// ForgedKey: an OpenPGP key whose packets are put together by hand.
#include "forged_key.h"

#include <map>

#include "command.h"
#include "crypto/hasher.h"
#include "support/results.h"

namespace assayfs::testing {
namespace {

constexpr std::byte kRsa{1};
constexpr std::uint8_t kCreationTime = 2;
constexpr std::uint8_t kIssuer = 16;

// bytes: without leading zeros.
void AppendNumber(ByteVector& out, Bytes bytes) {
  std::size_t bits = bytes.size() * 8;
  for (int top = 0x80; (std::to_integer<int>(bytes[0]) & top) == 0; top >>= 1) {
    --bits;
  }
  AppendBe16(out, static_cast<std::uint16_t>(bits));
  AppendBytes(out, bytes);
}

std::uint8_t HashNumber(const std::string& hash) {
  static const std::map<std::string, std::uint8_t> kNumbers = {
      {"md5", 1}, {"sha1", 2}, {"sha256", 8}};
  return kNumbers.at(hash);
}

}  // namespace

ByteVector PgpPacket(std::uint8_t tag, Bytes body) {
  ByteVector out = {std::byte(0xc0 | tag), std::byte{0xff}};
  AppendBe32(out, static_cast<std::uint32_t>(body.size()));
  AppendBytes(out, body);
  return out;
}

ByteVector PgpSubpacket(std::uint8_t type, Bytes body) {
  ByteVector out = {std::byte{0xff}};
  AppendBe32(out, static_cast<std::uint32_t>(body.size() + 1));
  out.push_back(std::byte{type});
  AppendBytes(out, body);
  return out;
}

ByteVector PgpTime(std::uint32_t seconds) {
  ByteVector out;
  AppendBe32(out, seconds);
  return out;
}

ByteVector PgpFramedKey(Bytes key_body) {
  ByteVector out = {std::byte{0x99}};
  AppendBe16(out, static_cast<std::uint16_t>(key_body.size()));
  AppendBytes(out, key_body);
  return out;
}

ByteVector PgpFramedUserId(std::string_view user_id) {
  ByteVector out = {std::byte{0xb4}};
  AppendBe32(out, static_cast<std::uint32_t>(user_id.size()));
  AppendBytes(out, AsBytes(user_id));
  return out;
}

ByteVector PgpJoin(const std::vector<ByteVector>& parts) {
  ByteVector all;
  for (const ByteVector& part : parts) AppendBytes(all, part);
  return all;
}

ForgedKey::ForgedKey(std::uint32_t created) {
  MustRun({"openssl", "genrsa", "-out", dir_ / "key", "2048"});
  // "Modulus=" and hexadecimal digits.
  const std::string line =
      MustRun({"openssl", "rsa", "-in", dir_ / "key", "-noout", "-modulus"});
  const std::size_t start = line.find('=') + 1;
  body_ = {std::byte{4}};
  AppendBe32(body_, created);
  body_.push_back(kRsa);
  AppendNumber(body_,
               FromHex(line.substr(start, line.find('\n') - start)).value());
  AppendNumber(body_, FromHex("010001").value());
}

ByteVector ForgedKey::Sign(Bytes data, const Claim& claim) const {
  ByteVector covered = PgpSubpacket(kCreationTime, PgpTime(claim.created));
  AppendBytes(covered, claim.covered);
  ByteVector out = {std::byte{4}, std::byte{claim.type}, kRsa,
                    std::byte{HashNumber(claim.hash)}};
  AppendBe16(out, static_cast<std::uint16_t>(covered.size()));
  AppendBytes(out, covered);
  ByteVector hashed = ToVector(data);
  AppendBytes(hashed, out);
  AppendBe16(hashed, 0x04ff);
  AppendBe32(hashed, static_cast<std::uint32_t>(out.size()));

  ByteVector open = claim.open;
  AppendBytes(open,
              PgpSubpacket(kIssuer, FromHex(fingerprint().substr(24)).value()));
  AppendBe16(out, static_cast<std::uint16_t>(open.size()));
  AppendBytes(out, open);
  const std::string input(AsText(hashed));
  const std::string digest =
      MustRun({"openssl", "dgst", "-" + claim.hash, "-binary"}, input);
  AppendBytes(out, AsBytes(digest).first(2));
  const std::string number = MustRun(
      {"openssl", "dgst", "-" + claim.hash, "-sign", dir_ / "key"}, input);
  const std::size_t zeros = number.find_first_not_of('\0');
  AppendNumber(out, AsBytes(number).subspan(zeros));
  return out;
}

std::string ForgedKey::fingerprint() const {
  return Must(HashBytes(HashAlgorithm::kSha1, PgpFramedKey(body_))).Hex();
}

}  // namespace assayfs::testing
