// SPDX-License-Identifier: Apache-2.0
// TLV lists: reading and writing.
#include "lists/tlv.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;

// `printf abcd | sha256sum`
constexpr std::string_view kAbcdSha256 =
    "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";

// The pieces of a list, in hexadecimal digits.
const std::string kAlgoSha256 = "0000000000020004";
const std::string kOneEntry = "00010000000400000001";
const std::string kDigestField = "000000000020" + std::string(kAbcdSha256);
const std::string kPathField = "00010000000e2f7573722f62696e2f7472756500";
const std::string kTrueEntry = "00020000003a" + kDigestField + kPathField;

Result<DigestList> Parse(const std::string& hex) {
  return ParseTlv(FromHex(hex).value());
}

// A digest whose bytes are all value.
Digest MakeDigest(HashAlgorithm algorithm, unsigned char value) {
  const ByteVector bytes(DigestBytes(algorithm), std::byte{value});
  return Must(Digest::FromBytes(algorithm, bytes));
}

TEST(TlvTest, ParserOkForAListMadeByHand) {
  const auto list = Must(Parse(kAlgoSha256 + kOneEntry + kTrueEntry));
  EXPECT_EQ(list.format, ListFormat::kTlv);
  EXPECT_EQ(list.package, "");
  ASSERT_EQ(list.files.size(), 1u);
  EXPECT_EQ(list.files[0].digest.ToString(),
            "sha256:" + std::string(kAbcdSha256));
  EXPECT_EQ(list.files[0].path, "/usr/bin/true");
  EXPECT_EQ(list.files[0].mode, std::nullopt);
}

TEST(TlvTest, ParserOkForEveryAlgorithm) {
  for (std::size_t i = 0; i < kHashAlgorithmCount; ++i) {
    const auto algorithm = static_cast<HashAlgorithm>(i);
    std::vector<ListedFile> files;
    for (unsigned char n = 1; n <= 5; ++n) {
      files.push_back({MakeDigest(algorithm, n), "/file" + std::to_string(n),
                       std::nullopt});
    }
    const auto list = Must(ParseTlv(WriteTlv(files)));
    ASSERT_EQ(list.files.size(), 5u) << AlgorithmName(algorithm);
    for (std::size_t n = 0; n < 5; ++n) {
      EXPECT_EQ(list.files[n].digest, files[n].digest);
      EXPECT_EQ(list.files[n].path, files[n].path);
    }
  }
}

// Numbers from include/uapi/linux/hash_info.h.
TEST(TlvTest, KnowsTheKernelsAlgorithmNumbers) {
  const std::vector<std::pair<int, std::string>> kNumbers = {
      {1, "md5"},       {2, "sha1"},     {4, "sha256"}, {5, "sha384"},
      {6, "sha512"},    {7, "sha224"},   {17, "sm3"},   {20, "sha3-256"},
      {21, "sha3-384"}, {22, "sha3-512"}};
  for (const auto& [number, name] : kNumbers) {
    const auto digest = MakeDigest(*AlgorithmFromName(name), 0x55);
    const auto bytes = WriteTlv({{digest, "", std::nullopt}});
    EXPECT_EQ(std::to_integer<int>(bytes.at(7)), number) << name;
  }
}

// Ours: 0x8000 more than those of the hash.
TEST(TlvTest, KeepsDigestsOfFsVerityApart) {
  const std::string rest = kOneEntry + kTrueEntry;
  const auto verity = Must(Parse("0000000000028004" + rest));
  EXPECT_EQ(verity.files.at(0).digest.ToString(),
            "verity-sha256:" + std::string(kAbcdSha256));
  EXPECT_NE(verity.files.at(0).digest,
            Must(Parse(kAlgoSha256 + rest)).files.at(0).digest);
  const auto digest = MakeDigest(HashAlgorithm::kVeritySha512, 1);
  EXPECT_EQ(ToHex(Bytes(WriteTlv({{digest, "", std::nullopt}})).first(8)),
            "0000000000028006");
}

TEST(TlvTest, ParserErrorForAlgorithmLength) {
  EXPECT_THAT(Parse("00000000000104"), FailsSaying(EBADMSG, "ALGO"));
  EXPECT_THAT(Parse("000000000003000400"), FailsSaying(EBADMSG, "ALGO"));
  EXPECT_THAT(Parse("000000000000"), FailsSaying(EBADMSG, "ALGO"));
}

TEST(TlvTest, ParserErrorForAlgorithmMismatch) {
  // SHA-1 announced, 32 bytes given.
  EXPECT_THAT(Parse("0000000000020002" + kOneEntry + kTrueEntry),
              FailsSaying(EBADMSG, "sha1 digest of 32 bytes"));
}

TEST(TlvTest, ParserErrorForZeroEntriesAnnounced) {
  EXPECT_THAT(Parse(kAlgoSha256 + "00010000000400000000" + kTrueEntry),
              FailsSaying(EBADMSG, "NUM_ENTRIES is 0"));
}

TEST(TlvTest, RefusesUnknownAlgorithms) {
  // RIPEMD-160, Streebog-256, a number past the kernel's last; fs-verity with
  // no hash, SHA-1 and SHA-384, which it does not have.
  for (const char* number : {"0003", "0012", "ffff", "8000", "8002", "8005"}) {
    EXPECT_THAT(Parse("000000000002" + std::string(number)),
                FailsWith(EOPNOTSUPP));
  }
}

TEST(TlvTest, RefusesNumEntriesOfWrongLength) {
  EXPECT_THAT(Parse(kAlgoSha256 + "0001000000020001"),
              FailsSaying(EBADMSG, "NUM_ENTRIES"));
}

TEST(TlvTest, RefusesNumEntriesBeforeAlgo) {
  EXPECT_THAT(Parse(kOneEntry + kAlgoSha256),
              FailsSaying(EBADMSG, "before ALGO"));
}

TEST(TlvTest, RefusesEntryBeforeNumEntries) {
  EXPECT_THAT(Parse(kTrueEntry), FailsSaying(EBADMSG, "before NUM_ENTRIES"));
  EXPECT_THAT(Parse(kAlgoSha256 + kTrueEntry),
              FailsSaying(EBADMSG, "before NUM_ENTRIES"));
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "0000000000020005" + kTrueEntry),
              FailsSaying(EBADMSG, "before NUM_ENTRIES"));
}

TEST(TlvTest, ReturnsToAnAlgorithmThatWasAnnounced) {
  EXPECT_EQ(Must(Parse(kAlgoSha256 + kOneEntry + "0000000000020005" +
                       kOneEntry + kAlgoSha256 + kTrueEntry))
                .files.size(),
            1u);
}

TEST(TlvTest, RefusesUnknownFields) {
  EXPECT_THAT(Parse("000300000000"), FailsSaying(EBADMSG, "unknown field 3"));
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "00020000002c" + kDigestField +
                    "000200000000"),
              FailsSaying(EBADMSG, "field 2 in an ENTRY"));
}

TEST(TlvTest, RefusesTruncationAtEveryByte) {
  const std::string full = kAlgoSha256 + kOneEntry + kTrueEntry;
  const std::string whole_fields[] = {"", kAlgoSha256, kAlgoSha256 + kOneEntry};
  for (std::size_t size = 0; size < full.size(); size += 2) {
    const std::string part = full.substr(0, size);
    if (std::ranges::find(whole_fields, part) != std::end(whole_fields)) {
      EXPECT_TRUE(Must(Parse(part)).files.empty());
    } else {
      EXPECT_THAT(Parse(part), FailsWith(EBADMSG)) << size;
    }
  }
}

TEST(TlvTest, RefusesLengthsThatLeaveTheList) {
  EXPECT_THAT(Parse("0000ffffffff0004"), FailsSaying(EBADMSG, "leaves"));
  // A DIGEST that leaves its ENTRY, though not the list.
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "000200000008000000000020" +
                    std::string(kAbcdSha256)),
              FailsWith(EBADMSG));
}

TEST(TlvTest, RefusesEntryWithoutDigest) {
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "000200000000"),
              FailsSaying(EBADMSG, "without a DIGEST"));
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "000200000014" + kPathField),
              FailsSaying(EBADMSG, "without a DIGEST"));
}

TEST(TlvTest, RefusesAFieldTwiceInAnEntry) {
  EXPECT_THAT(Parse(kAlgoSha256 + kOneEntry + "00020000004c" + kDigestField +
                    kDigestField),
              FailsSaying(EBADMSG, "repeated field 0"));
}

TEST(TlvTest, TakesAPathWithOrWithoutItsNul) {
  const auto with_path = [](const std::string& path_hex) {
    const auto field_bytes = path_hex.size() / 2;
    ByteVector bytes = FromHex(kAlgoSha256 + kOneEntry).value();
    AppendBe16(bytes, 2);
    AppendBe32(bytes, static_cast<std::uint32_t>(38 + 6 + field_bytes));
    AppendBytes(bytes, FromHex(kDigestField).value());
    AppendBe16(bytes, 1);
    AppendBe32(bytes, static_cast<std::uint32_t>(field_bytes));
    AppendBytes(bytes, FromHex(path_hex).value());
    return ParseTlv(bytes);
  };
  EXPECT_EQ(Must(with_path("2f61")).files[0].path, "/a");
  EXPECT_EQ(Must(with_path("2f6100")).files[0].path, "/a");
  EXPECT_EQ(Must(with_path("")).files[0].path, "");
  EXPECT_THAT(with_path("2f610000"), FailsSaying(EBADMSG, "NUL"));
  EXPECT_THAT(with_path("2f0061"), FailsSaying(EBADMSG, "NUL"));
}

TEST(TlvTest, NumEntriesIsOnlyAHint) {
  EXPECT_EQ(Must(Parse(kAlgoSha256 + "000100000004ffffffff" + kTrueEntry))
                .files.size(),
            1u);
  EXPECT_EQ(Must(Parse(kAlgoSha256 + kOneEntry + kTrueEntry + kTrueEntry))
                .files.size(),
            2u);
}

TEST(TlvTest, WritesWhatTheKernelsToolsWrite) {
  const auto digest =
      Must(Digest::FromHex(HashAlgorithm::kSha256, kAbcdSha256));
  EXPECT_EQ(ToHex(WriteTlv({{digest, "/usr/bin/true", 0100755}})),
            kAlgoSha256 + kOneEntry + kTrueEntry);
}

TEST(TlvTest, WritesFilesGroupedByAlgorithmInTheirOrder) {
  const auto first = MakeDigest(HashAlgorithm::kSha256, 1);
  const auto second = MakeDigest(HashAlgorithm::kSha512, 2);
  const auto third = MakeDigest(HashAlgorithm::kSha256, 3);
  const auto list = Must(ParseTlv(WriteTlv({{second, "/2", std::nullopt},
                                            {third, "/3", std::nullopt},
                                            {first, "", std::nullopt}})));
  ASSERT_EQ(list.files.size(), 3u);
  EXPECT_EQ(list.files[0].digest, third);
  EXPECT_EQ(list.files[1].digest, first);
  EXPECT_EQ(list.files[1].path, "");
  EXPECT_EQ(list.files[2].digest, second);
}

TEST(TlvTest, WritesNothingForNoFiles) {
  EXPECT_TRUE(WriteTlv({}).empty());
  EXPECT_TRUE(Must(ParseTlv({})).files.empty());
}

}  // namespace
}  // namespace assayfs
