// SPDX-License-Identifier: Apache-2.0
// Digest: names, lengths, conversions, order.
#include "crypto/digest.h"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;

Digest Filled(HashAlgorithm algorithm, unsigned char value) {
  const ByteVector bytes(DigestBytes(algorithm), std::byte{value});
  return Must(Digest::FromBytes(algorithm, bytes));
}

// Names: crypto/hash_info.c of Linux; lengths: FIPS 180-4, FIPS 202, RFC 1321,
// GB/T 32905.
TEST(DigestTest, KnowsNameLengthAndStrengthOfEveryAlgorithm) {
  const std::vector<std::tuple<HashAlgorithm, std::string, std::size_t, bool>>
      kRows = {{HashAlgorithm::kMd5, "md5", 16, false},
               {HashAlgorithm::kSha1, "sha1", 20, false},
               {HashAlgorithm::kSha224, "sha224", 28, false},
               {HashAlgorithm::kSha256, "sha256", 32, true},
               {HashAlgorithm::kSha384, "sha384", 48, true},
               {HashAlgorithm::kSha512, "sha512", 64, true},
               {HashAlgorithm::kSha3_256, "sha3-256", 32, true},
               {HashAlgorithm::kSha3_384, "sha3-384", 48, true},
               {HashAlgorithm::kSha3_512, "sha3-512", 64, true},
               {HashAlgorithm::kSm3, "sm3", 32, true},
               {HashAlgorithm::kVeritySha256, "verity-sha256", 32, true},
               {HashAlgorithm::kVeritySha512, "verity-sha512", 64, true}};
  ASSERT_EQ(kRows.size(), kHashAlgorithmCount);
  for (const auto& [algorithm, name, bytes, strong] : kRows) {
    EXPECT_EQ(AlgorithmName(algorithm), name);
    EXPECT_EQ(AlgorithmFromName(name), algorithm);
    EXPECT_EQ(DigestBytes(algorithm), bytes);
    EXPECT_LE(bytes, kMaxDigestBytes);
    EXPECT_EQ(IsStrong(algorithm), strong) << name;
    EXPECT_EQ(IsVerity(algorithm), name.starts_with("verity-")) << name;
  }
}

TEST(DigestTest, RefusesOtherNames) {
  for (const char* name : {"", "SHA256", "sha-256", "sha256 ", "sm4"}) {
    EXPECT_EQ(AlgorithmFromName(name), std::nullopt) << name;
  }
}

TEST(DigestTest, KeepsItsBytes) {
  const auto digest = Filled(HashAlgorithm::kMd5, 0xab);
  EXPECT_EQ(digest.algorithm(), HashAlgorithm::kMd5);
  EXPECT_EQ(digest.value().size(), 16u);
  EXPECT_EQ(digest.Hex(), "abababababababababababababababab");
  EXPECT_EQ(digest.ToString(), "md5:abababababababababababababababab");
}

TEST(DigestTest, ReadsHexadecimalDigits) {
  EXPECT_EQ(Must(Digest::FromHex(HashAlgorithm::kMd5,
                                 "ABABABABABABABABABABABABABABABAB")),
            Filled(HashAlgorithm::kMd5, 0xab));
}

TEST(DigestTest, RefusesBytesOfAnotherLength) {
  for (const std::size_t size : {0u, 31u, 33u, 64u, 65u}) {
    const ByteVector bytes(size);
    EXPECT_THAT(Digest::FromBytes(HashAlgorithm::kSha256, bytes),
                FailsSaying(EBADMSG, "sha256 digest of " +
                                         std::to_string(size) + " bytes"));
  }
}

TEST(DigestTest, RefusesDigitsThatAreNotHexadecimalOrTooFew) {
  EXPECT_THAT(Digest::FromHex(HashAlgorithm::kMd5, std::string(32, 'x')),
              FailsSaying(EBADMSG, "not hexadecimal"));
  EXPECT_THAT(Digest::FromHex(HashAlgorithm::kMd5, std::string(31, 'a')),
              FailsSaying(EBADMSG, "not hexadecimal"));
  EXPECT_THAT(Digest::FromHex(HashAlgorithm::kMd5, std::string(30, 'a')),
              FailsSaying(EBADMSG, "md5 digest of 15 bytes"));
}

TEST(DigestTest, DiffersByAlgorithmAndByBytes) {
  // SHA-256 and SHA3-256 have the same length.
  EXPECT_NE(Filled(HashAlgorithm::kSha256, 1),
            Filled(HashAlgorithm::kSha3_256, 1));
  EXPECT_NE(Filled(HashAlgorithm::kSha256, 1),
            Filled(HashAlgorithm::kSha256, 2));
  EXPECT_EQ(Filled(HashAlgorithm::kSha256, 1),
            Filled(HashAlgorithm::kSha256, 1));
}

TEST(DigestTest, OrdersByAlgorithmThenBytes) {
  const std::set<Digest> digests = {Filled(HashAlgorithm::kSha512, 0),
                                    Filled(HashAlgorithm::kSha256, 0xff),
                                    Filled(HashAlgorithm::kSha256, 1)};
  EXPECT_THAT(digests,
              ::testing::ElementsAre(Filled(HashAlgorithm::kSha256, 1),
                                     Filled(HashAlgorithm::kSha256, 0xff),
                                     Filled(HashAlgorithm::kSha512, 0)));
}

TEST(DigestTest, BeginsWithItsFirstBytes) {
  const auto digest = Must(
      Digest::FromHex(HashAlgorithm::kMd5, "0123456789abcdef0000000000000000"));
  EXPECT_EQ(digest.Beginning(), 0x0123456789abcdefU);
}

}  // namespace
}  // namespace assayfs
