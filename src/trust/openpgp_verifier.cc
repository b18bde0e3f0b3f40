// SPDX-License-Identifier: Apache-2.0
// OpenPgpVerifier: OpenPGP signatures against a fixed set of keys.
#include "trust/openpgp_verifier.h"

#include <ctime>
#include <optional>
#include <set>
#include <utility>

#include "crypto/hasher.h"

namespace assayfs {
namespace {

constexpr std::size_t kKeyIdDigits = 16;

SignatureCheck Failed(SignatureStatus status, std::string detail) {
  return {status, {}, Printable(detail)};
}

// How near a status is to good: larger is nearer.
int Nearness(SignatureStatus status) {
  switch (status) {
    case SignatureStatus::kGood:
      return 5;
    case SignatureStatus::kKeyRejected:
      return 4;
    case SignatureStatus::kWeak:
      return 3;
    case SignatureStatus::kBad:
      return 2;
    case SignatureStatus::kNoKey:
      return 1;
    case SignatureStatus::kMalformed:
      return 0;
  }
  return 0;
}

// RFC 4880, section 9.4.
std::optional<HashAlgorithm> StrongHash(std::uint8_t number) {
  switch (number) {
    case 8:
      return HashAlgorithm::kSha256;
    case 9:
      return HashAlgorithm::kSha384;
    case 10:
      return HashAlgorithm::kSha512;
    default:
      return std::nullopt;
  }
}
bool IsWeakHash(std::uint8_t number) {
  const bool md5_sha1_ripemd = number >= 1 && number <= 3;
  const bool sha224 = number == 11;
  return md5_sha1_ripemd || sha224;
}

// What bars a key from ever making a good signature; empty for nothing.
std::string Flaw(const OpenPgpKey& key) {
  if (key.revoked) return "is revoked";
  if (key.valid_until == 0) return "has no valid self-signature";
  if (!key.may_sign) return "is not for signing";
  return {};
}

// Why a key may not have made this signature, whatever its numbers say; empty
// if it may.
std::string WhyRejected(const OpenPgpKey& key,
                        const OpenPgpSignature& signature) {
  const std::string flaw = Flaw(key);
  if (!flaw.empty()) return flaw;
  if (signature.created < key.created) return "is younger than the signature";
  if (signature.created > key.valid_until) {
    return "had expired when it signed";
  }
  const std::uint64_t expires =
      std::uint64_t{signature.created} + signature.expires_after;
  if (signature.expires_after != 0 &&
      expires < static_cast<std::uint64_t>(std::time(nullptr))) {
    return "made a signature that has expired";
  }
  return {};
}

// Hashes once for each key that could have made the signature, which is one
// key unless two share a key id.
Result<Digest> HashSigned(HashAlgorithm algorithm, Bytes signed_bytes,
                          const OpenPgpSignature& signature) {
  auto hasher = Hasher::Create(algorithm);
  if (!hasher) return Fail(std::move(hasher).error());
  hasher->Update(signed_bytes);
  hasher->Update(signature.trailer);
  return hasher->Finish();
}

}  // namespace

std::string OpenPgpVerifier::WhyUseless(const OpenPgpKey& key) {
  std::string flaw = Flaw(key);
  if (!flaw.empty()) return flaw;
  const auto numbers = OpenPgpPublicKey::Create(key.packet);
  if (!numbers) return "cannot be used: " + numbers.error().message();
  return numbers->IsLongEnough() ? "" : "is too short";
}

void OpenPgpVerifier::Add(OpenPgpKey key) {
  const std::string& issuer = key.fingerprint;
  by_issuer_.emplace(issuer, entries_.size());
  if (issuer.size() > kKeyIdDigits) {
    by_issuer_.emplace(issuer.substr(issuer.size() - kKeyIdDigits),
                       entries_.size());
  }
  auto numbers = OpenPgpPublicKey::Create(key.packet);
  entries_.push_back({std::move(key), std::move(numbers)});
}

std::size_t OpenPgpVerifier::size() const {
  std::set<std::string_view> certificates;
  for (const Entry& entry : entries_) {
    if (Flaw(entry.key).empty() && entry.numbers &&
        entry.numbers->IsLongEnough()) {
      certificates.insert(entry.key.certificate);
    }
  }
  return certificates.size();
}

SignatureCheck OpenPgpVerifier::CheckWithKey(const Entry& entry,
                                             Bytes signed_bytes,
                                             const OpenPgpSignature& signature,
                                             HashAlgorithm algorithm) {
  const std::string name = "OpenPGP key " + entry.key.fingerprint + " ";
  const std::string rejected = WhyRejected(entry.key, signature);
  if (!rejected.empty()) {
    return Failed(SignatureStatus::kKeyRejected, name + rejected);
  }
  if (!entry.numbers) {
    return Failed(SignatureStatus::kKeyRejected,
                  name + "cannot be used: " + entry.numbers.error().message());
  }
  if (!entry.numbers->IsLongEnough()) {
    return Failed(SignatureStatus::kWeak, name + "is too short");
  }
  const auto digest = HashSigned(algorithm, signed_bytes, signature);
  if (!digest) {
    return Failed(SignatureStatus::kMalformed, digest.error().message());
  }
  if (!entry.numbers->Verifies(signature, *digest)) {
    return Failed(SignatureStatus::kBad, name + "did not sign these bytes");
  }
  return {SignatureStatus::kGood,
          {entry.key.certificate,
           Printable(entry.key.user_id),
           {entry.key.certificate, entry.key.fingerprint}},
          {}};
}

SignatureCheck OpenPgpVerifier::CheckPacket(Bytes signed_bytes,
                                            const OpenPgpPacket& packet) const {
  if (packet.tag != kOpenPgpSignatureTag) {
    return Failed(SignatureStatus::kMalformed,
                  "OpenPGP: not a signature packet");
  }
  const auto signature = ParseOpenPgpSignature(packet.body);
  if (!signature) {
    return Failed(SignatureStatus::kMalformed, signature.error().message());
  }
  if (IsWeakHash(signature->hash_algorithm)) {
    return Failed(SignatureStatus::kWeak,
                  "hash algorithm " +
                      std::to_string(signature->hash_algorithm) +
                      " of OpenPGP is too weak");
  }
  const auto algorithm = StrongHash(signature->hash_algorithm);
  if (!algorithm) {
    return Failed(SignatureStatus::kMalformed,
                  "OpenPGP: unknown hash algorithm " +
                      std::to_string(signature->hash_algorithm));
  }
  const auto [first, last] = by_issuer_.equal_range(signature->issuer);
  SignatureCheck nearest =
      Failed(SignatureStatus::kNoKey, "OpenPGP key " + signature->issuer);
  for (auto it = first; it != last; ++it) {
    SignatureCheck check = CheckWithKey(entries_[it->second], signed_bytes,
                                        *signature, *algorithm);
    if (Nearness(check.status) > Nearness(nearest.status)) {
      nearest = std::move(check);
    }
  }
  return nearest;
}

SignatureCheck OpenPgpVerifier::Verify(Bytes signed_bytes,
                                       Bytes signature) const {
  if (signature.size() > kMaxSignatureBytes) {
    return Failed(SignatureStatus::kMalformed, "OpenPGP: signature too large");
  }
  const auto packets = SplitOpenPgpPackets(signature, kMaxSignaturePackets);
  if (!packets) {
    return Failed(SignatureStatus::kMalformed, packets.error().message());
  }
  SignatureCheck nearest =
      Failed(SignatureStatus::kMalformed, "OpenPGP: empty signature");
  bool first = true;
  for (const OpenPgpPacket& packet : *packets) {
    SignatureCheck check = CheckPacket(signed_bytes, packet);
    if (check.status == SignatureStatus::kGood) return check;
    if (first || Nearness(check.status) > Nearness(nearest.status)) {
      nearest = std::move(check);
    }
    first = false;
  }
  return nearest;
}

}  // namespace assayfs
