// SPDX-License-Identifier: Apache-2.0
#include "tpm/measured_files.h"

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;
using testing::ReadText;
using testing::RealData;

constexpr const char* kStart = "10 1d8d532d463c9f8c205d0df7787669a85f93e260 ";

std::string Sha256() { return "sha256:" + std::string(64, 'a'); }

Result<std::vector<ImaNgFields>> Parse(const std::string& text) {
  return ParseMeasuredFiles(AsBytes(text));
}

// Parses one line after its template digest.
Result<std::vector<ImaNgFields>> ParseLine(const std::string& rest) {
  return Parse(kStart + rest + "\n");
}

std::string Paths(const std::vector<ImaNgFields>& files) {
  std::string paths;
  for (const ImaNgFields& file : files) paths += file.path + "\n";
  return paths;
}

TEST(MeasuredFilesTest, ReadsEveryTemplateThatNamesAFile) {
  const std::string start = kStart;
  const auto files = Must(Parse(
      start + "ima-ng " + Sha256() + " /a\n" + start + "ima-sig " + Sha256() +
      " /b 030204\n" + start + "ima-sig " + Sha256() + " /c \n" + start +
      "ima-sig " + Sha256() + " /c2\n" + start + "ima-ngv2 ima:" + Sha256() +
      " /d\n" + start + "ima-sigv2 ima:" + Sha256() + " /e 0302\n"));
  EXPECT_EQ(Paths(files), "/a\n/b\n/c\n/c2\n/d\n/e\n");
  EXPECT_EQ(files[1].digest.ToString(), Sha256());
}

TEST(MeasuredFilesTest, ReadsARealLog) {
  if (RealData().empty()) GTEST_SKIP() << "ASSAYFS_TEST_DATA is not set";
  const auto text =
      ReadText(RealData() / "ima/keylime-ascii_runtime_measurements");
  const auto files = Must(Parse(text));
  ASSERT_EQ(files.size(), 825U);  // 826 lines, one of them boot_aggregate
  EXPECT_EQ(files[0].path, "/init");
  EXPECT_EQ(files[0].digest.ToString(),
            "sha1:19f13b42c2745066347e76454788c0fe083643f3");
}

TEST(MeasuredFilesTest, ReadsTheBinaryFormToTheSameFiles) {
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes("x")));
  ByteVector binary;
  std::string text;
  for (const char* path : {"/lists/rpm-a", "boot_aggregate", "/b"}) {
    const auto record = Must(MakeImaNgRecord(12, digest, path));
    EncodeRecord(record, binary);
    text += ToAscii(record) + "\n";
  }
  const auto files = Must(ParseMeasuredFiles(binary));
  EXPECT_EQ(Paths(files), "/lists/rpm-a\n/b\n");
  EXPECT_EQ(Paths(Must(Parse(text))), Paths(files));
  EXPECT_EQ(files[0].digest, digest);
}

TEST(MeasuredFilesTest, LeavesOutViolationsInBothForms) {
  EXPECT_TRUE(Must(Parse("10 " + std::string(40, '0') +
                         " ima-ng sha1:" + std::string(40, '0') + " /a\n"))
                  .empty());
  EXPECT_TRUE(
      Must(ParseLine("ima-ng sha256:" + std::string(64, '0') + " /a")).empty());
  auto record = Must(MakeImaNgRecord(
      12, Must(HashBytes(HashAlgorithm::kSha256, AsBytes("x"))), "/a"));
  record.template_digest.assign(20, std::byte{0});
  ByteVector binary;
  EncodeRecord(record, binary);
  EXPECT_TRUE(Must(ParseMeasuredFiles(binary)).empty());
}

TEST(MeasuredFilesTest, LeavesOutWhatIsNoFilesContent) {
  EXPECT_TRUE(
      Must(ParseLine("ima-ng " + Sha256() + " boot_aggregate")).empty());
  EXPECT_TRUE(Must(ParseLine("ima-ngv2 verity:" + Sha256() + " /a")).empty());
  EXPECT_TRUE(Must(ParseLine("ima-buf " + Sha256() + " name 00")).empty());
}

TEST(MeasuredFilesTest, KeepsSeveralDigestsOfOnePath) {
  const std::string start = kStart;
  EXPECT_EQ(Must(Parse(start + "ima-ng " + Sha256() + " /a\n" + start +
                       "ima-ng sha256:" + std::string(64, 'b') + " /a\n"))
                .size(),
            2U);
}

TEST(MeasuredFilesTest, TakesOneDigitPcrsAndALastLineWithoutItsEnd) {
  EXPECT_EQ(Must(Parse(" 9 11 ima-ng " + Sha256() + " /a")).size(), 1U);
  EXPECT_TRUE(Must(Parse("")).empty());
}

TEST(MeasuredFilesTest, NamesABadLineByItsNumber) {
  const std::string good = kStart + ("ima-ng " + Sha256() + " /a\n");
  EXPECT_THAT(Parse(good + "\n" + good), FailsSaying(EBADMSG, "line 2: "));
  EXPECT_THAT(Parse(good + good + "x"), FailsSaying(EBADMSG, "line 3: "));
}

TEST(MeasuredFilesTest, RefusesBadColumns) {
  const std::string digest = Sha256();
  EXPECT_THAT(Parse("32 11 ima-ng " + digest + " /a\n"),
              FailsSaying(EBADMSG, "PCR"));
  EXPECT_THAT(Parse("1x 11 ima-ng " + digest + " /a\n"),
              FailsSaying(EBADMSG, "PCR"));
  EXPECT_THAT(Parse("10 1g ima-ng " + digest + " /a\n"),
              FailsSaying(EBADMSG, "template digest"));
  EXPECT_THAT(Parse("10 11 ima-ng\n"), FailsSaying(EBADMSG, "template name"));
  EXPECT_THAT(ParseLine("ima-ng " + digest), FailsSaying(EBADMSG, "digest"));
  EXPECT_THAT(ParseLine("ima-ng " + digest + "aa /a"),
              FailsSaying(EBADMSG, "digest"));
  EXPECT_THAT(ParseLine("ima-ng aaaa /a"), FailsSaying(EBADMSG, "digest"));
  EXPECT_THAT(ParseLine("ima-ngv2 " + digest + " /a"),
              FailsSaying(EBADMSG, "digest"));
  EXPECT_THAT(ParseLine("ima-ng " + digest + " "),
              FailsSaying(EBADMSG, "path"));
  EXPECT_THAT(ParseLine("ima-ng " + digest + " /a b"),
              FailsSaying(EBADMSG, "path"));
  EXPECT_THAT(ParseLine("ima-ng " + digest + " /" + std::string(4096, 'x')),
              FailsSaying(EBADMSG, "path"));
  EXPECT_THAT(ParseLine("ima-ng " + digest + std::string(" /a\0b", 5)),
              FailsSaying(EBADMSG, "path"));
  EXPECT_THAT(ParseLine("ima-sig " + digest + "  "),
              FailsSaying(EBADMSG, "path"));
  EXPECT_THAT(ParseLine("ima-sig " + digest + " /a b c"),
              FailsSaying(EBADMSG, "signature"));
}

TEST(MeasuredFilesTest, RefusesUnknownAlgorithms) {
  EXPECT_THAT(ParseLine("ima-ng rmd160:" + std::string(40, 'a') + " /a"),
              FailsSaying(EOPNOTSUPP, "line 1: "));
  // No record has it in the place of a digest of content.
  EXPECT_THAT(ParseLine("ima-ng verity-" + Sha256() + " /a"),
              FailsSaying(EOPNOTSUPP, "line 1: "));
}

TEST(MeasuredFilesTest, NamesABadRecordByItsNumber) {
  ImaRecord record;
  record.pcr = 12;
  record.template_name = "ima-ng";
  record.data = ToVector(AsBytes("junk"));
  record.template_digest =
      ToVector(Must(HashBytes(HashAlgorithm::kSha1, record.data)).value());
  ByteVector binary;
  EncodeRecord(record, binary);
  EXPECT_THAT(ParseMeasuredFiles(binary), FailsSaying(EBADMSG, "record 1: "));
  binary.pop_back();
  EXPECT_THAT(ParseMeasuredFiles(binary), FailsSaying(EBADMSG, "record 1"));
}

}  // namespace
}  // namespace assayfs
