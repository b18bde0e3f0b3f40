// SPDX-License-Identifier: Apache-2.0
// Digest: names, lengths, conversions.
#include "crypto/digest.h"

#include <algorithm>

#include "base/byte_reader.h"

namespace assayfs {
namespace {

struct AlgorithmRow {
  std::string_view name;
  std::size_t bytes;
};

// In the order of HashAlgorithm. Names: include/uapi/linux/hash_info.h and
// crypto/hash_info.c of the Linux kernel; those of fs-verity are ours.
constexpr std::array<AlgorithmRow, kHashAlgorithmCount> kRows = {{
    {"md5", 16},
    {"sha1", 20},
    {"sha224", 28},
    {"sha256", 32},
    {"sha384", 48},
    {"sha512", 64},
    {"sha3-256", 32},
    {"sha3-384", 48},
    {"sha3-512", 64},
    {"sm3", 32},
    {"verity-sha256", 32},
    {"verity-sha512", 64},
}};

const AlgorithmRow& Row(HashAlgorithm algorithm) {
  return kRows[static_cast<std::size_t>(algorithm)];
}

}  // namespace

std::size_t DigestBytes(HashAlgorithm algorithm) {
  return Row(algorithm).bytes;
}

std::string_view AlgorithmName(HashAlgorithm algorithm) {
  return Row(algorithm).name;
}

std::optional<HashAlgorithm> AlgorithmFromName(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<HashAlgorithm>(i);
  }
  return std::nullopt;
}

bool IsStrong(HashAlgorithm algorithm) {
  return algorithm >= HashAlgorithm::kSha256;
}

bool IsVerity(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kVeritySha256 ||
         algorithm == HashAlgorithm::kVeritySha512;
}

Result<Digest> Digest::FromBytes(HashAlgorithm algorithm, Bytes value) {
  if (value.size() != DigestBytes(algorithm)) {
    return Fail(EBADMSG, std::string(AlgorithmName(algorithm)) + " digest of " +
                             std::to_string(value.size()) + " bytes");
  }
  Digest digest;
  digest.algorithm_ = algorithm;
  digest.size_ = static_cast<std::uint8_t>(value.size());
  std::ranges::copy(value, digest.value_.begin());
  return digest;
}

Result<Digest> Digest::FromHex(HashAlgorithm algorithm, std::string_view hex) {
  const auto bytes = assayfs::FromHex(hex);
  if (!bytes) return Fail(EBADMSG, "digest is not hexadecimal");
  return FromBytes(algorithm, *bytes);
}

std::string Digest::ToString() const {
  return std::string(AlgorithmName(algorithm_)) + ":" + Hex();
}

std::uint64_t Digest::Beginning() const {
  ByteReader reader(value());
  return reader.TakeBe64().value_or(0);  // all have 16 bytes or more
}

}  // namespace assayfs
