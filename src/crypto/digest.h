// SPDX-License-Identifier: Apache-2.0
// Digest: a hash algorithm and its value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace assayfs {

// The algorithms that digest lists may name. The last two are fs-verity file
// digests (see VerityHasher): never the digest of the content itself, so that
// neither can be taken for the other.
enum class HashAlgorithm : std::uint8_t {
  kMd5,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
  kSha3_256,
  kSha3_384,
  kSha3_512,
  kSm3,
  kVeritySha256,
  kVeritySha512,
};
inline constexpr std::size_t kHashAlgorithmCount = 12;
inline constexpr std::size_t kMaxDigestBytes = 64;

// Returns the length of the algorithm's digests in bytes.
std::size_t DigestBytes(HashAlgorithm algorithm);

// Returns the name as Linux and IMA write it, for example "sha256" or
// "sha3-256", or "verity-sha256"; it stays valid for ever.
std::string_view AlgorithmName(HashAlgorithm algorithm);

// The inverse of AlgorithmName; nothing for a name it does not know.
std::optional<HashAlgorithm> AlgorithmFromName(std::string_view name);

// Says whether the algorithm resists collisions: SHA-256 and stronger. MD5,
// SHA-1 and SHA-224 do not count.
bool IsStrong(HashAlgorithm algorithm);

// Says whether the algorithm's digests are those of fs-verity.
bool IsVerity(HashAlgorithm algorithm);

// A digest: value type, ordered by algorithm and then by bytes.
class Digest {
 public:
  // Errors: EBADMSG if value has not the algorithm's length.
  static Result<Digest> FromBytes(HashAlgorithm algorithm, Bytes value);
  // As FromBytes, from hexadecimal digits; EBADMSG for other characters.
  static Result<Digest> FromHex(HashAlgorithm algorithm, std::string_view hex);

  HashAlgorithm algorithm() const { return algorithm_; }
  Bytes value() const { return Bytes(value_).first(size_); }
  // Returns the value in lower-case hexadecimal digits.
  std::string Hex() const { return ToHex(value()); }
  // Returns "ALGORITHM:HEX".
  std::string ToString() const;

  // The first eight bytes, as a big-endian number. They are evenly spread, and
  // hardly any other digest begins with them.
  std::uint64_t Beginning() const;

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  Digest() = default;

  HashAlgorithm algorithm_ = HashAlgorithm::kSha256;
  std::uint8_t size_ = 0;
  // Bytes past size_ are zero, so that comparison needs no length.
  std::array<std::byte, kMaxDigestBytes> value_{};
};

}  // namespace assayfs
