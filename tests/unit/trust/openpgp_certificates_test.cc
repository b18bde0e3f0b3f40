// SPDX-License-Identifier: Apache-2.0
#include "trust/openpgp_certificates.h"

#include "gpg_home.h"
#include "support/results.h"
#include "trust/openpgp_packets.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::GpgHome;
using testing::Must;

// The packets of the first certificate in an armoured block, as vectors.
std::vector<ByteVector> PacketsOf(const std::string& block) {
  const auto certificates = Must(SplitOpenPgpBlock(block));
  std::vector<ByteVector> packets;
  for (const auto& packet : Must(SplitOpenPgpPackets(certificates.at(0), 99))) {
    packets.push_back(ToVector(packet.whole));
  }
  return packets;
}

ByteVector Join(const std::vector<ByteVector>& packets) {
  ByteVector all;
  for (const ByteVector& packet : packets) AppendBytes(all, packet);
  return all;
}

const OpenPgpKey* Find(const std::vector<OpenPgpKey>& keys,
                       const std::string& upper_case_fingerprint) {
  std::string wanted = upper_case_fingerprint;
  for (char& c : wanted) c = static_cast<char>(::tolower(c));
  for (const OpenPgpKey& key : keys) {
    if (key.fingerprint == wanted) return &key;
  }
  return nullptr;
}

TEST(SplitOpenPgpBlockTest, GivesEachCertificateOfABlock) {
  const GpgHome gpg;
  gpg.MakeKey("one <x@example.org>", "ed25519");
  gpg.MakeKey("two <x@example.org>", "ed25519");
  // gpg exports both into one block.
  const auto certificates =
      Must(SplitOpenPgpBlock(gpg.Export("x@example.org")));
  EXPECT_EQ(certificates.size(), 2u);
  EXPECT_EQ(Must(ReadOpenPgpKeys(certificates)).size(), 2u);
}

TEST(SplitOpenPgpBlockTest, RefusesWhatIsNoBlockOfKeys) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("one", "ed25519");
  EXPECT_THAT(SplitOpenPgpBlock(""), FailsWith(EBADMSG));
  EXPECT_THAT(SplitOpenPgpBlock("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n"
                                "-----END PGP PUBLIC KEY BLOCK-----\n"),
              FailsWith(EBADMSG));
  EXPECT_THAT(SplitOpenPgpBlock(gpg.Sign(key, "data", {"--armor"})),
              FailsSaying(EBADMSG, "not a public key"));
}

TEST(ReadOpenPgpKeysTest, DescribesPrimaryKeyAndSubkey) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("who <who@example.org>", "ed25519", "cert",
                               "never", "20200101T000000");
  const auto subkey =
      gpg.AddSubkey(key, "ed25519", "sign", "20d", "20200201T000000");
  const auto keys =
      Must(ReadOpenPgpKeys(Must(SplitOpenPgpBlock(gpg.Export(key)))));
  ASSERT_EQ(keys.size(), 2u);
  const OpenPgpKey* primary = Find(keys, key);
  const OpenPgpKey* sub = Find(keys, subkey);
  ASSERT_NE(primary, nullptr);
  ASSERT_NE(sub, nullptr);
  EXPECT_FALSE(primary->may_sign);
  EXPECT_FALSE(primary->revoked);
  EXPECT_EQ(primary->created, 1577836800u);
  EXPECT_EQ(primary->certificate, primary->fingerprint);
  EXPECT_EQ(primary->user_id, "who <who@example.org>");
  EXPECT_TRUE(sub->may_sign);
  EXPECT_EQ(sub->certificate, primary->fingerprint);
  EXPECT_EQ(sub->user_id, "who <who@example.org>");
  EXPECT_EQ(sub->valid_until, 1580515200u + 20u * 86400u);
}

TEST(ReadOpenPgpKeysTest, ExpiredCertificateKeepsItsUserId) {
  const GpgHome gpg;
  const auto key =
      gpg.MakeKey("old", "ed25519", "sign", "1y", "20200101T000000");
  const auto keys =
      Must(ReadOpenPgpKeys(Must(SplitOpenPgpBlock(gpg.Export(key)))));
  EXPECT_EQ(keys.at(0).user_id, "old");
  EXPECT_EQ(keys.at(0).valid_until, 1577836800u + 365u * 86400u);
}

TEST(ReadOpenPgpKeysTest, RevocationInOneCopyCountsForAll) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("twice", "ed25519");
  const auto before = Must(SplitOpenPgpBlock(gpg.Export(key)));
  gpg.Revoke(key);
  const auto after = Must(SplitOpenPgpBlock(gpg.Export(key)));
  ASSERT_FALSE(Must(ReadOpenPgpKeys(before)).at(0).revoked);
  EXPECT_TRUE(Must(ReadOpenPgpKeys({before.at(0), after.at(0)})).at(0).revoked);
  EXPECT_TRUE(Must(ReadOpenPgpKeys({after.at(0), before.at(0)})).at(0).revoked);
}

TEST(ReadOpenPgpKeysTest, SubkeyWithoutABindingSignatureIsRefused) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("bare", "ed25519", "sign,cert");
  gpg.AddSubkey(key, "ed25519");
  auto packets = PacketsOf(gpg.Export(key));
  packets.pop_back();
  EXPECT_THAT(ReadOpenPgpKeys({Join(packets)}),
              FailsSaying(EBADMSG, "no binding signature"));
}

TEST(ReadOpenPgpKeysTest, SubkeyOfAnotherCertificateIsNotValid) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("victim", "ed25519", "sign,cert");
  const auto thief = gpg.MakeKey("thief", "ed25519", "sign,cert");
  const auto subkey = gpg.AddSubkey(thief, "ed25519");
  auto packets = PacketsOf(gpg.Export(key));
  const auto stolen = PacketsOf(gpg.Export(thief));
  packets.insert(packets.end(), stolen.end() - 2, stolen.end());
  const auto keys = Must(ReadOpenPgpKeys({Join(packets)}));
  const OpenPgpKey* sub = Find(keys, subkey);
  EXPECT_TRUE(sub == nullptr || sub->valid_until == 0);
  ASSERT_NE(Find(keys, key), nullptr);
  EXPECT_NE(Find(keys, key)->valid_until, 0u);
}

TEST(ReadOpenPgpKeysTest, SubkeyWithADamagedBindingIsNotValid) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("damaged", "ed25519", "sign,cert");
  const auto subkey = gpg.AddSubkey(key, "ed25519");
  auto packets = PacketsOf(gpg.Export(key));
  packets.back().back() ^= std::byte{1};
  const auto keys = Must(ReadOpenPgpKeys({Join(packets)}));
  ASSERT_NE(Find(keys, subkey), nullptr);
  EXPECT_EQ(Find(keys, subkey)->valid_until, 0u);
  EXPECT_NE(Find(keys, key)->valid_until, 0u);
}

TEST(ReadOpenPgpKeysTest, DamagedSelfSignatureMakesTheKeyInvalid) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("damaged", "ed25519");
  auto packets = PacketsOf(gpg.Export(key));
  packets.back().back() ^= std::byte{1};
  const auto keys = Must(ReadOpenPgpKeys({Join(packets)}));
  EXPECT_EQ(keys.at(0).valid_until, 0u);
}

TEST(ReadOpenPgpKeysTest, SubkeyOfAnUnknownAlgorithmLeavesTheRest) {
  const GpgHome gpg;
  const auto key = gpg.MakeKey("modern", "ed25519", "sign,cert");
  gpg.AddSubkey(key, "ed25519");
  auto packets = PacketsOf(gpg.Export(key));
  // Packet header of two bytes, version, four bytes of time, the algorithm.
  packets.at(packets.size() - 2).at(7) = std::byte{99};
  const auto keys = Must(ReadOpenPgpKeys({Join(packets)}));
  ASSERT_NE(Find(keys, key), nullptr);
  EXPECT_NE(Find(keys, key)->valid_until, 0u);
}

TEST(ReadOpenPgpKeysTest, RefusesWhatIsNoCertificate) {
  EXPECT_THAT(ReadOpenPgpKeys({FromHex("cd0161").value()}), FailsWith(EBADMSG));
  EXPECT_THAT(ReadOpenPgpKeys({FromHex("00").value()}), FailsWith(EBADMSG));
}

TEST(ReadOpenPgpKeysTest, NoCertificatesGiveNoKeys) {
  EXPECT_TRUE(Must(ReadOpenPgpKeys({})).empty());
}

TEST(ReadOpenPgpKeysTest, WritesNothingToStderr) {
  const GpgHome gpg;
  auto packets = PacketsOf(gpg.Export(gpg.MakeKey("damaged", "ed25519")));
  packets.back().back() ^= std::byte{1};
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(ReadOpenPgpKeys({Join(packets)}));
  std::fputs("mark", stderr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "mark");
}

}  // namespace
}  // namespace assayfs
