// SPDX-License-Identifier: Apache-2.0
#include "trust/openpgp_packets.h"

#include "support/results.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;

constexpr std::size_t kMax = 4;

ByteVector Hex(std::string_view digits) { return FromHex(digits).value(); }

// A version 4 signature by a key of an algorithm that has no numbers here.
// hashed, open: subpackets in hexadecimal.
ByteVector Version4(std::string_view hashed, std::string_view open,
                    std::string_view start = "04000108",
                    std::string_view numbers = "0008ff") {
  ByteVector body = Hex(start);
  const ByteVector covered = Hex(hashed);
  AppendBe16(body, static_cast<std::uint16_t>(covered.size()));
  AppendBytes(body, covered);
  const ByteVector uncovered = Hex(open);
  AppendBe16(body, static_cast<std::uint16_t>(uncovered.size()));
  AppendBytes(body, uncovered);
  AppendBytes(body, Hex("abcd"));
  AppendBytes(body, Hex(numbers));
  return body;
}
constexpr std::string_view kCreated = "05025f000000";
constexpr std::string_view kIssuer = "09100123456789abcdef";

TEST(SplitOpenPgpPacketsTest, ReadsBothHeaderFormats) {
  const ByteVector bytes =
      Hex("8801aa"
          "c202bbcc"
          "890001dd"
          "8a00000001ee");
  const auto packets = Must(SplitOpenPgpPackets(bytes, kMax));
  ASSERT_EQ(packets.size(), 4u);
  EXPECT_EQ(packets[0].tag, kOpenPgpSignatureTag);
  EXPECT_EQ(ToHex(packets[0].body), "aa");
  EXPECT_EQ(ToHex(packets[1].body), "bbcc");
  EXPECT_EQ(ToHex(packets[1].whole), "c202bbcc");
  EXPECT_EQ(ToHex(packets[2].body), "dd");
  EXPECT_EQ(ToHex(packets[3].body), "ee");
}

TEST(SplitOpenPgpPacketsTest, ReadsTwoAndFiveByteLengths) {
  ByteVector bytes = Hex("c2c001");
  bytes.resize(bytes.size() + 193);
  AppendBytes(bytes, Hex("c2ff00000002aabb"));
  const auto packets = Must(SplitOpenPgpPackets(bytes, kMax));
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[0].body.size(), 193u);
  EXPECT_EQ(ToHex(packets[1].body), "aabb");
}

TEST(SplitOpenPgpPacketsTest, EmptyBytesAreNoPackets) {
  EXPECT_TRUE(Must(SplitOpenPgpPackets({}, kMax)).empty());
}

TEST(SplitOpenPgpPacketsTest, RefusesWhatIsNoWholePacket) {
  for (const char* digits :
       {"00", "88", "8802aa", "c2", "c2c0", "c2ff0000", "c2ffffffffffaa"}) {
    EXPECT_THAT(SplitOpenPgpPackets(Hex(digits), kMax), FailsWith(EBADMSG))
        << digits;
  }
}

TEST(SplitOpenPgpPacketsTest, RefusesPartialAndIndeterminateLengths) {
  EXPECT_THAT(SplitOpenPgpPackets(Hex("c2e0aa"), kMax), FailsWith(EBADMSG));
  EXPECT_THAT(SplitOpenPgpPackets(Hex("8baa"), kMax), FailsWith(EBADMSG));
}

TEST(SplitOpenPgpPacketsTest, RefusesMorePacketsThanTheLimit) {
  EXPECT_THAT(SplitOpenPgpPackets(Hex("88008800880088008800"), kMax),
              FailsWith(EFBIG));
}

TEST(ParseOpenPgpSignatureTest, ReadsVersion3) {
  const ByteVector body =
      Hex("0305004e10ebd30946fca2c105b9de01086881000909ff0101");
  // The number announces 9 bits and has two bytes, the first of them 0x09.
  EXPECT_THAT(ParseOpenPgpSignature(body), FailsWith(EBADMSG));
  const ByteVector exact =
      Hex("0305004e10ebd30946fca2c105b9de01086881000901ff");
  const auto signature = Must(ParseOpenPgpSignature(exact));
  EXPECT_EQ(signature.created, 0x4e10ebd3u);
  EXPECT_EQ(signature.issuer, "0946fca2c105b9de");
  EXPECT_EQ(signature.key_algorithm, kOpenPgpRsa);
  EXPECT_EQ(signature.hash_algorithm, 8);
  EXPECT_EQ(ToHex(signature.trailer), "004e10ebd3");
  ASSERT_EQ(signature.numbers.size(), 1u);
  EXPECT_EQ(ToHex(signature.numbers[0]), "01ff");
}

TEST(ParseOpenPgpSignatureTest, ReadsVersion4) {
  const ByteVector body =
      Version4(std::string(kCreated) + "050300000e10", kIssuer);
  const auto signature = Must(ParseOpenPgpSignature(body));
  EXPECT_EQ(signature.created, 0x5f000000u);
  EXPECT_EQ(signature.expires_after, 3600u);
  EXPECT_EQ(signature.issuer, "0123456789abcdef");
  EXPECT_EQ(ToHex(signature.trailer),
            "04000108000c"
            "05025f000000"
            "050300000e10"
            "04ff00000012");
}

TEST(ParseOpenPgpSignatureTest, PrefersTheFingerprintToTheKeyId) {
  const std::string fingerprint =
      "1621"
      "04"
      "00112233445566778899aabbccddeeff00112233";
  for (const std::string& open : {std::string(kIssuer) + fingerprint,
                                  fingerprint + std::string(kIssuer)}) {
    const ByteVector body = Version4(kCreated, open);
    EXPECT_EQ(Must(ParseOpenPgpSignature(body)).issuer,
              "00112233445566778899aabbccddeeff00112233");
  }
}

TEST(ParseOpenPgpSignatureTest, DropsLeadingZerosOfNumbers) {
  const ByteVector body = Version4(kCreated, kIssuer, "04000108", "001000ff");
  EXPECT_EQ(ToHex(Must(ParseOpenPgpSignature(body)).numbers[0]), "ff");
}

TEST(ParseOpenPgpSignatureTest, LeavesUnknownAlgorithmsWithoutNumbers) {
  const ByteVector body = Version4(kCreated, kIssuer, "04006308", "ffffffffff");
  EXPECT_TRUE(Must(ParseOpenPgpSignature(body)).numbers.empty());
}

TEST(ParseOpenPgpSignatureTest, RefusesEveryTruncation) {
  for (const ByteVector& body :
       {Version4(kCreated, kIssuer),
        Hex("0305004e10ebd30946fca2c105b9de01086881000901ff")}) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_THAT(ParseOpenPgpSignature(Bytes(body).first(size)),
                  FailsWith(EBADMSG))
          << size;
    }
  }
}

TEST(ParseOpenPgpSignatureTest, RefusesBytesLeftOver) {
  EXPECT_THAT(ParseOpenPgpSignature(
                  Version4(kCreated, kIssuer, "04000108", "0008ff00")),
              FailsWith(EBADMSG));
}

TEST(ParseOpenPgpSignatureTest, RefusesUncoveredCreationTime) {
  EXPECT_THAT(ParseOpenPgpSignature(
                  Version4("", std::string(kCreated) + std::string(kIssuer))),
              FailsSaying(EBADMSG, "creation time"));
}

TEST(ParseOpenPgpSignatureTest, IgnoresUncoveredExpiry) {
  const ByteVector body =
      Version4(kCreated, "050300000e10" + std::string(kIssuer));
  EXPECT_EQ(Must(ParseOpenPgpSignature(body)).expires_after, 0u);
}

TEST(ParseOpenPgpSignatureTest, RefusesASignatureThatDoesNotNameItsKey) {
  EXPECT_THAT(ParseOpenPgpSignature(Version4(kCreated, "")),
              FailsSaying(EBADMSG, "not named"));
}

TEST(ParseOpenPgpSignatureTest, RefusesSubpacketsThatDoNotFit) {
  for (const char* open : {"00", "0a10", "0410aabbcc", "ff"}) {
    EXPECT_THAT(ParseOpenPgpSignature(Version4(kCreated, open)),
                FailsWith(EBADMSG))
        << open;
  }
  EXPECT_THAT(ParseOpenPgpSignature(Version4("0402aabbcc", kIssuer)),
              FailsSaying(EBADMSG, "bad time"));
}

TEST(ParseOpenPgpSignatureTest, RefusesOtherVersions) {
  EXPECT_THAT(ParseOpenPgpSignature(Version4(kCreated, kIssuer, "06000108")),
              FailsSaying(EOPNOTSUPP, "version 6"));
}

TEST(ParseOpenPgpSignatureTest, RefusesOtherTypes) {
  EXPECT_THAT(ParseOpenPgpSignature(Version4(kCreated, kIssuer, "04010108")),
              FailsSaying(EOPNOTSUPP, "binary document"));
  EXPECT_THAT(ParseOpenPgpSignature(
                  Hex("0305014e10ebd30946fca2c105b9de01086881000901ff")),
              FailsSaying(EOPNOTSUPP, "binary document"));
}

TEST(ParseOpenPgpSignatureTest, RefusesUnknownCriticalSubpackets) {
  EXPECT_THAT(ParseOpenPgpSignature(
                  Version4(std::string(kCreated) + "02e401", kIssuer)),
              FailsSaying(EOPNOTSUPP, "critical subpacket 100"));
  EXPECT_TRUE(ParseOpenPgpSignature(
      Version4(std::string(kCreated) + "026401", kIssuer)));
}

TEST(OutlineOpenPgpSignatureTest, ReadsVersions2To4) {
  const auto new_one = OutlineOpenPgpSignature(
      Version4(std::string(kCreated) + "021b02", kIssuer, "04180108"));
  ASSERT_TRUE(new_one);
  EXPECT_EQ(new_one->type, 0x18);
  EXPECT_EQ(new_one->created, 0x5f000000u);
  EXPECT_TRUE(new_one->has_key_flags);
  for (const char* digits : {"0205204e10ebd3", "0305204e10ebd3"}) {
    const auto old_one = OutlineOpenPgpSignature(Hex(digits));
    ASSERT_TRUE(old_one);
    EXPECT_EQ(old_one->type, 0x20);
    EXPECT_EQ(old_one->created, 0x4e10ebd3u);
    EXPECT_FALSE(old_one->has_key_flags);
  }
}

TEST(OutlineOpenPgpSignatureTest, IsNothingWithoutAType) {
  for (const char* digits : {"", "04", "03", "0305", "0618"}) {
    EXPECT_FALSE(OutlineOpenPgpSignature(Hex(digits))) << digits;
  }
  EXPECT_EQ(OutlineOpenPgpSignature(Hex("0418"))->type, 0x18);
}

TEST(OutlineOpenPgpSignatureTest, LooksForKeyFlagsInCoveredSubpacketsOnly) {
  const auto has_flags = [](std::string_view covered, std::string_view open) {
    return OutlineOpenPgpSignature(Version4(covered, open))->has_key_flags;
  };
  EXPECT_TRUE(has_flags("021b02", kIssuer));
  EXPECT_TRUE(has_flags("05025f000000029b00", kIssuer));
  EXPECT_FALSE(has_flags(kCreated, "021b02"));
  // Without a value, cut short, with an empty subpacket before it.
  for (const char* covered : {"011b", "031b02", "00021b02", "021b"}) {
    EXPECT_FALSE(has_flags(covered, kIssuer)) << covered;
  }
}

TEST(ParseOpenPgpKeyTest, ReadsRsaAndCurveKeys) {
  const ByteVector rsa =
      Hex("045f00000001"
          "0010ffff"
          "0002"
          "03");
  const auto rsa_key = Must(ParseOpenPgpKey(rsa));
  EXPECT_EQ(rsa_key.algorithm, kOpenPgpRsa);
  ASSERT_EQ(rsa_key.numbers.size(), 2u);
  EXPECT_EQ(ToHex(rsa_key.numbers[1]), "03");
  const ByteVector curve =
      Hex("045f00000016"
          "03aabbcc"
          "000740");
  const auto curve_key = Must(ParseOpenPgpKey(curve));
  EXPECT_EQ(ToHex(curve_key.curve), "aabbcc");
  EXPECT_EQ(ToHex(curve_key.numbers.at(0)), "40");
}

TEST(ParseOpenPgpKeyTest, RefusesTruncationAndBytesLeftOver) {
  for (const char* digits : {"045f00000001"
                             "0010ffff"
                             "000203",
                             "045f00000016"
                             "03aabbcc"
                             "000740"}) {
    const ByteVector key = Hex(digits);
    for (std::size_t size = 0; size < key.size(); ++size) {
      EXPECT_THAT(ParseOpenPgpKey(Bytes(key).first(size)), FailsWith(EBADMSG))
          << size;
    }
  }
  EXPECT_THAT(ParseOpenPgpKey(Hex("045f00000001"
                                  "0010ffff"
                                  "00020300")),
              FailsWith(EBADMSG));
}

TEST(ParseOpenPgpKeyTest, RefusesOtherVersionsAndAlgorithms) {
  EXPECT_THAT(ParseOpenPgpKey(Hex("065f00000001"
                                  "0010ffff"
                                  "000203")),
              FailsSaying(EOPNOTSUPP, "version 6"));
  EXPECT_THAT(ParseOpenPgpKey(Hex("045f00000011"
                                  "0010ffff"
                                  "000203")),
              FailsSaying(EOPNOTSUPP, "algorithm 17"));
}

}  // namespace
}  // namespace assayfs
