// SPDX-License-Identifier: Apache-2.0
#include "tpm/ima_log.h"

#include <sstream>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::RealData;

Digest Sha256(std::string_view text) {
  return Must(HashBytes(HashAlgorithm::kSha256, AsBytes(text)));
}

ImaRecord Record(std::string_view path, std::uint32_t pcr = 12) {
  return Must(MakeImaNgRecord(pcr, Sha256("content"), path));
}

ByteVector Encoded(const std::vector<ImaRecord>& records) {
  ByteVector bytes;
  for (const ImaRecord& record : records) EncodeRecord(record, bytes);
  return bytes;
}

std::string PathIn(const ImaRecord& record) {
  return Must(ParseImaNg(record)).path;
}

TEST(ImaLogTest, EncodesAsTheKernelDoes) {
  const auto record = Must(MakeImaNgRecord(
      10,
      Must(Digest::FromHex(HashAlgorithm::kSha1,
                           "19f13b42c2745066347e76454788c0fe083643f3")),
      "/init"));
  ByteVector bytes;
  EncodeRecord(record, bytes);
  // Put together by hand from the format; the template digest is that of the
  // second record of Keylime's test data.
  EXPECT_EQ(ToHex(bytes),
            "0a000000"
            "c156ebdcbfcd28fe1060ef4cdec0aab04d3a9b63"
            "06000000"
            "696d612d6e67"
            "28000000"
            "1a000000"
            "736861313a00"
            "19f13b42c2745066347e76454788c0fe083643f3"
            "06000000"
            "2f696e697400");
}

TEST(ImaLogTest, RebuildsRealRecords) {
  if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  std::istringstream lines(
      ReadText(RealData() / "ima/keylime-ascii_runtime_measurements"));
  std::vector<ImaRecord> records;
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream columns(line);
    std::uint32_t pcr = 0;
    std::string template_hex, name, digest, path;
    columns >> pcr >> template_hex >> name >> digest;
    std::getline(columns >> std::ws, path);
    const auto colon = digest.find(':');
    const auto algorithm = AlgorithmFromName(digest.substr(0, colon));
    ASSERT_TRUE(algorithm) << line;
    const auto record = Must(MakeImaNgRecord(
        pcr, Must(Digest::FromHex(*algorithm, digest.substr(colon + 1))),
        path));
    EXPECT_EQ(ToHex(record.template_digest), template_hex) << line;
    EXPECT_EQ(ToAscii(record), line);
    records.push_back(record);
  }
  EXPECT_EQ(records.size(), 826U);
  EXPECT_EQ(Must(ParseImaLog(Encoded(records))), records);
}

TEST(ImaLogTest, ParsesWhatItEncoded) {
  const std::vector<ImaRecord> records = {Record("/a"), Record("/b", 9)};
  EXPECT_EQ(Must(ParseImaLog(Encoded(records))), records);
  EXPECT_TRUE(Must(ParseImaLog({})).empty());
}

TEST(ImaLogTest, NameCannotForgeALineOrAColumn) {
  EXPECT_EQ(PathIn(Record("/a b\n10 00 ima-ng\t\xff\x7f\\c")),
            "/a_b_10_00_ima-ng___\\c");
  EXPECT_EQ(PathIn(Record(std::string_view("/a\0b", 4))), "/a_b");
  EXPECT_EQ(PathIn(Record("")), "");
}

TEST(ImaLogTest, LongPathIsCut) {
  EXPECT_EQ(PathIn(Record(std::string(4096, 'x'))), std::string(4096, 'x'));
  EXPECT_EQ(PathIn(Record(std::string(4097, 'x'))), std::string(4096, 'x'));
}

TEST(ImaLogTest, ForeignNameShowsAsOneLine) {
  // As a kernel would write it: spaces replaced, the newline kept.
  ImaRecord record = Record("/a-b");
  auto& dash = record.data[record.data.size() - 3];
  ASSERT_EQ(dash, std::byte{'-'});
  dash = std::byte{'\n'};
  EXPECT_EQ(PathIn(record), "/a\nb");
  EXPECT_EQ(ToAscii(record), "12 " + ToHex(record.template_digest) +
                                 " ima-ng " + Sha256("content").ToString() +
                                 " /a_b");
}

TEST(ImaLogTest, OtherTemplateIsKeptAndShownInHex) {
  ImaRecord record;
  record.pcr = 9;
  record.template_name = "ima-buf";
  record.data = ToVector(AsBytes("\x01\x02"));
  record.template_digest =
      ToVector(Must(HashBytes(HashAlgorithm::kSha1, record.data)).value());
  EXPECT_EQ(Must(ParseImaLog(Encoded({record}))).at(0), record);
  EXPECT_EQ(ToAscii(record),
            " 9 " + ToHex(record.template_digest) + " ima-buf 0102");
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));
}

TEST(ImaLogTest, DigestOfFsVerityIsNoDigestOfContent) {
  const auto digest = Must(Digest::FromBytes(HashAlgorithm::kVeritySha256,
                                             Sha256("content").value()));
  EXPECT_THAT(ParseImaNg(Must(MakeImaNgRecord(12, digest, "/a"))),
              FailsWith(EBADMSG));
}

TEST(ImaLogTest, RefusesEveryCutButStartKeepsTheWholeRecords) {
  const std::vector<ImaRecord> records = {Record("/a"), Record("/b")};
  const ByteVector bytes = Encoded(records);
  const std::size_t first = Encoded({records[0]}).size();
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto start = Must(ParseImaLogStart(Bytes(bytes).first(size)));
    EXPECT_EQ(start.records.size(), size < first ? 0U : 1U);
    EXPECT_EQ(start.bytes, size < first ? 0U : first);
    if (size == first) continue;
    EXPECT_THAT(ParseImaLog(Bytes(bytes).first(size)),
                FailsSaying(EBADMSG, size < first ? "record 1" : "record 2"));
  }
}

TEST(ImaLogTest, RefusesLengthsOverTheLimits) {
  ByteVector bytes = Encoded({Record("/a")});
  ByteVector long_name = bytes;
  long_name[25] = std::byte{1};  // 6 + 256 bytes
  EXPECT_THAT(ParseImaLog(long_name), FailsSaying(EBADMSG, "name"));
  ByteVector long_data = bytes;
  long_data[36] = std::byte{0x11};  // over 1 MiB
  EXPECT_THAT(ParseImaLog(long_data), FailsSaying(EBADMSG, "data"));
  ByteVector high_pcr = bytes;
  high_pcr[0] = std::byte{32};
  EXPECT_THAT(ParseImaLog(high_pcr), FailsSaying(EBADMSG, "PCR"));
}

TEST(ImaLogTest, RefusesChangedDataNamingTheRecord) {
  std::vector<ImaRecord> records = {Record("/a"), Record("/b")};
  records[1].data[20] ^= std::byte{1};
  EXPECT_THAT(ParseImaLog(Encoded(records)), FailsSaying(EBADMSG, "record 2"));
}

TEST(ImaLogTest, AcceptsViolation) {
  ImaRecord record = Record("/a");
  record.template_digest.assign(20, std::byte{0});
  EXPECT_TRUE(IsViolation(Must(ParseImaLog(Encoded({record}))).at(0)));
}

TEST(ImaLogTest, AViolationHasZerosForItsDigests) {
  const ImaRecord record = Must(MakeViolation(11, "/a"));
  EXPECT_TRUE(IsViolation(record));
  EXPECT_EQ(ToAscii(record), "11 " + std::string(40, '0') + " ima-ng sha256:" +
                                 std::string(64, '0') + " /a");
  EXPECT_EQ(Must(ParseImaLog(Encoded({record}))).at(0), record);
}

TEST(ImaLogTest, RefusesBadImaNgFields) {
  const ImaRecord good = Record("/a");
  ImaRecord record = good;
  record.data.pop_back();
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // cut short
  record = good;
  record.data.push_back(std::byte{0});
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // more than it should
  record = good;
  record.data.back() = std::byte{'x'};
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // path without NUL
  record = good;
  record.data[record.data.size() - 2] = std::byte{0};
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // NUL in the path
  record = good;
  record.data[4] = std::byte{'x'};
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // no such algorithm
  record = good;
  record.data[10] = std::byte{'x'};
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));  // no colon
  record = good;
  record.data.clear();
  EXPECT_THAT(ParseImaNg(record), FailsWith(EBADMSG));
}

TEST(ImaLogTest, ReplaysByHashingValueAndInput) {
  const ImaRecord record = Record("/a");
  ImaRecord violation = record;
  violation.template_digest.assign(20, std::byte{0});
  for (const auto bank : {HashAlgorithm::kSha1, HashAlgorithm::kSha384}) {
    ByteVector joined(DigestBytes(bank));
    AppendBytes(joined, Must(HashBytes(bank, record.data)).value());
    const Digest once = Must(HashBytes(bank, joined));
    EXPECT_EQ(Must(ReplayPcr({record, Record("/b", 9)}, 12, bank)), once);
    joined = ToVector(once.value());
    joined.resize(2 * DigestBytes(bank), std::byte{0xff});
    EXPECT_EQ(Must(ReplayPcr({record, violation}, 12, bank)),
              Must(HashBytes(bank, joined)));
    EXPECT_EQ(Must(ReplayPcr({}, 12, bank)), Must(EmptyPcr(bank)));
  }
}

}  // namespace
}  // namespace assayfs
