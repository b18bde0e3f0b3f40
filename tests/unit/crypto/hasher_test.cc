// SPDX-License-Identifier: Apache-2.0
// Hasher, against published vectors.
#include "crypto/hasher.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::Must;

// Digests of "abc": RFC 1321, A.5 (MD5); the examples of NIST for FIPS 180-4
// and FIPS 202 (those of SHA). `printf abc | openssl dgst` gives the same.
const std::vector<std::pair<HashAlgorithm, std::string>> kAbc = {
    {HashAlgorithm::kMd5, "900150983cd24fb0d6963f7d28e17f72"},
    {HashAlgorithm::kSha1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HashAlgorithm::kSha224,
     "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {HashAlgorithm::kSha256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HashAlgorithm::kSha384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {HashAlgorithm::kSha512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HashAlgorithm::kSha3_256,
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {HashAlgorithm::kSha3_384,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
     "98d88cea927ac7f539f1edf228376d25"},
    {HashAlgorithm::kSha3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    // GB/T 32905, appendix A.1.
    {HashAlgorithm::kSm3,
     "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
    // `fsverity digest` of Debian's fsverity 1.5.
    {HashAlgorithm::kVeritySha256,
     "700b6bd8510f0b4f9bac8b9cf0459151a1c4a99f467892bb4bd289a67df8e19c"},
    {HashAlgorithm::kVeritySha512,
     "78be1be69d611f5b6b013eb333311beccea25ab099b68ecd4e6ed6bf5175966c"
     "7c5bce19fca5f218848fd0ecd3cc71246b9dc3d45ce9f05a4e808b8e28439517"}};

// `printf '' | sha256sum`
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(HasherTest, ComputesEveryAlgorithm) {
  ASSERT_EQ(kAbc.size(), kHashAlgorithmCount);
  for (const auto& [algorithm, hex] : kAbc) {
    const auto digest = Must(HashBytes(algorithm, AsBytes("abc")));
    EXPECT_EQ(digest.algorithm(), algorithm);
    EXPECT_EQ(digest.Hex(), hex) << AlgorithmName(algorithm);
  }
}

TEST(HasherTest, HashesNoBytes) {
  EXPECT_EQ(Must(HashBytes(HashAlgorithm::kSha256, {})).Hex(), kEmptySha256);
}

TEST(HasherTest, PiecesGiveTheDigestOfTheWhole) {
  for (const auto& [algorithm, hex] : kAbc) {
    auto hasher = Must(Hasher::Create(algorithm));
    hasher.Update(AsBytes("a"));
    hasher.Update({});
    hasher.Update(AsBytes("bc"));
    EXPECT_EQ(Must(hasher.Finish()).Hex(), hex) << AlgorithmName(algorithm);
  }
}

// One million times "a": FIPS 180-4 examples.
TEST(HasherTest, HashesAMillionBytes) {
  auto hasher = Must(Hasher::Create(HashAlgorithm::kSha256));
  const std::string piece(1000, 'a');
  for (int i = 0; i < 1000; ++i) hasher.Update(AsBytes(piece));
  EXPECT_EQ(Must(hasher.Finish()).Hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HasherTest, StartsOverAfterFinish) {
  auto hasher = Must(Hasher::Create(HashAlgorithm::kSha256));
  hasher.Update(AsBytes("other"));
  Must(hasher.Finish());
  EXPECT_EQ(Must(hasher.Finish()).Hex(), kEmptySha256);
}

TEST(HasherTest, MovesWithItsState) {
  auto first = Must(Hasher::Create(HashAlgorithm::kMd5));
  first.Update(AsBytes("a"));
  Hasher second = std::move(first);
  second.Update(AsBytes("bc"));
  EXPECT_EQ(Must(second.Finish()).Hex(), kAbc[0].second);
}

}  // namespace
}  // namespace assayfs
