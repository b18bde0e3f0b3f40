// SPDX-License-Identifier: Apache-2.0
#include "trust/openpgp_certificate_packets.h"

#include "forged_key.h"
#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::kTagPublicKey;
using testing::kTagSignature;
using testing::kTagSubkey;
using testing::kTagUserId;
using testing::Must;
using ::testing::Pair;
using testing::PgpJoin;
using testing::PgpPacket;

ByteVector Hex(std::string_view digits) { return FromHex(digits).value(); }

// A signature of a type, with covered subpackets in hexadecimal.
ByteVector Signature(std::string_view type, std::string_view covered = "") {
  ByteVector body = Hex("04" + std::string(type) + "0108");
  AppendBe16(body, static_cast<std::uint16_t>(covered.size() / 2));
  AppendBytes(body, Hex(covered));
  AppendBytes(body, Hex("0000abcd0008ff"));
  return PgpPacket(kTagSignature, body);
}
constexpr std::string_view kFlags = "021b02";

ByteVector Primary() { return PgpPacket(kTagPublicKey, Hex("aa")); }
ByteVector Subkey(std::string_view body) {
  return PgpPacket(kTagSubkey, Hex(body));
}

TEST(HasBareSubkeyTest, FindsASubkeyThatNoSignatureFollows) {
  const auto is_bare = [](const std::vector<ByteVector>& parts) {
    const ByteVector bytes = PgpJoin(parts);
    return HasBareSubkey(Must(SplitOpenPgpPackets(bytes, 9)));
  };
  EXPECT_FALSE(is_bare({Primary()}));
  EXPECT_FALSE(is_bare({Primary(), Subkey("bb"), Signature("18")}));
  EXPECT_TRUE(is_bare({Primary(), Subkey("bb")}));
  EXPECT_TRUE(
      is_bare({Primary(), Subkey("bb"), Subkey("cc"), Signature("18")}));
}

TEST(SubkeysWithKeyFlagsTest, WantsFlagsInEveryBinding) {
  const ByteVector bytes =
      PgpJoin({Primary(), Signature("1f"), Subkey("b1"),
               Signature("18", kFlags), Signature("28"), Subkey("b2"),
               Signature("18", kFlags), Signature("18"), Subkey("b3"),
               Signature("18", "021b"), Subkey("b4"), Signature("18", "011b")});
  EXPECT_THAT(SubkeysWithKeyFlags(Must(SplitOpenPgpPackets(bytes, 20))),
              ElementsAre(Pair(Hex("b1"), true), Pair(Hex("b2"), false),
                          Pair(Hex("b3"), false), Pair(Hex("b4"), false)));
}

TEST(SubkeysWithKeyFlagsTest, OlderSignaturesHaveNone) {
  const ByteVector bytes = PgpJoin(
      {Primary(), Subkey("bb"),
       PgpPacket(kTagSignature,
                 Hex("0305184e10ebd30946fca2c105b9de01086881000901ff"))});
  EXPECT_THAT(SubkeysWithKeyFlags(Must(SplitOpenPgpPackets(bytes, 9))),
              ElementsAre(Pair(Hex("bb"), false)));
}

TEST(NewestSignatureTest, IsTheLatestTimeThatOneStates) {
  const ByteVector bytes =
      PgpJoin({Primary(), Signature("1f", "050200000005"),
               Signature("13", "050200000007"), Signature("13"), Subkey("bb"),
               Signature("18", "050200000006")});
  EXPECT_EQ(NewestSignature(Must(SplitOpenPgpPackets(bytes, 9))), 7u);
  EXPECT_EQ(NewestSignature({}), 0u);
}

TEST(OnlyRevocationsTest, KeepsKeysAndTheirRevocations) {
  const ByteVector kept =
      PgpJoin({Primary(), Signature("20"), Subkey("bb"), Signature("28")});
  const ByteVector bytes =
      PgpJoin({Primary(), Signature("20"), Signature("1f"), Signature("28"),
               PgpPacket(kTagUserId, Hex("dd")), Signature("13"), Subkey("bb"),
               Signature("18", kFlags), Signature("28"), Signature("20")});
  EXPECT_EQ(OnlyRevocations(Must(SplitOpenPgpPackets(bytes, 20))), kept);
}

}  // namespace
}  // namespace assayfs
