// SPDX-License-Identifier: Apache-2.0
#include "trust/openpgp_public_key.h"

#include "crypto/hasher.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;

ByteVector Hex(const std::string& digits) { return FromHex(digits).value(); }

// RFC 8032, section 7.1, test 1, as an OpenPGP key packet.
constexpr const char* kEd25519Key =
    "045f00000016"
    "092b06010401da470f01"
    "010740"
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

TEST(OpenPgpPublicKeyTest, TakesAnEd25519Key) {
  const auto key = Must(OpenPgpPublicKey::Create(Hex(kEd25519Key)));
  EXPECT_TRUE(key.IsLongEnough());
}

TEST(OpenPgpPublicKeyTest, RefusesNumbersOfAnotherAlgorithm) {
  const auto key = Must(OpenPgpPublicKey::Create(Hex(kEd25519Key)));
  const ByteVector number = Hex("01");
  OpenPgpSignature signature;
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, {}));
  for (const std::uint8_t algorithm : {kOpenPgpRsa, kOpenPgpEcdsa}) {
    signature.key_algorithm = algorithm;
    signature.numbers = {number, number};
    EXPECT_FALSE(key.Verifies(signature, digest));
  }
}

TEST(OpenPgpPublicKeyTest, RefusesNumbersThatAreTooLong) {
  const auto key = Must(OpenPgpPublicKey::Create(Hex(kEd25519Key)));
  const ByteVector number(33, std::byte{1});
  OpenPgpSignature signature;
  signature.key_algorithm = kOpenPgpEdDsa;
  signature.numbers = {number, number};
  EXPECT_FALSE(
      key.Verifies(signature, Must(HashBytes(HashAlgorithm::kSha256, {}))));
}

TEST(OpenPgpPublicKeyTest, ShortRsaKeyIsNotLongEnough) {
  ByteVector key =
      Hex("045f00000001"
          "0400");
  key.resize(key.size() + 128, std::byte{0xff});
  AppendBytes(key, Hex("0011010001"));
  EXPECT_FALSE(Must(OpenPgpPublicKey::Create(key)).IsLongEnough());
}

TEST(OpenPgpPublicKeyTest, RefusesCurvesThatAreNotKnown) {
  EXPECT_THAT(OpenPgpPublicKey::Create(Hex("045f00000016"
                                           "03aabbcc"
                                           "000740")),
              FailsSaying(EOPNOTSUPP, "curve"));
}

TEST(OpenPgpPublicKeyTest, RefusesPointsThatOpenSslRefuses) {
  // A point of the wrong length on Ed25519, one that is not on P-256, and an
  // RSA modulus of zero.
  for (const char* key :
       {"045f00000016092b06010401da470f01000740",
        "045f00000013082a8648ce3d030107000304", "045f0000000100000011010001"}) {
    EXPECT_THAT(OpenPgpPublicKey::Create(Hex(key)), FailsWith(EBADMSG)) << key;
  }
}

TEST(OpenPgpPublicKeyTest, PassesOnWhatTheParserRefuses) {
  EXPECT_THAT(OpenPgpPublicKey::Create({}), FailsWith(EBADMSG));
}

}  // namespace
}  // namespace assayfs
