// SPDX-License-Identifier: Apache-2.0
// MeasurementLog without a TPM: what it keeps in the file.
#include "tpm/measurement_log.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::TempDir;
using State = MeasurementLog::State;
using TpmUse = MeasurementLog::TpmUse;

ByteVector Sha256(std::string_view content) {
  return ToVector(
      Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content))).value());
}

class MeasurementLogTest : public ::testing::Test {
 protected:
  MeasurementLog::Options Options(TpmUse use = TpmUse::kOff) const {
    return {.log_path = log_path_,
            .pcr = 12,
            .tpm = use,
            .tcti = "device:/nonexistent"};
  }
  std::unique_ptr<MeasurementLog> Open(TpmUse use = TpmUse::kOff) const {
    return Must(MeasurementLog::Open(Options(use)));
  }
  std::vector<ImaRecord> Records() const {
    return Must(ParseImaLog(AsBytes(ReadText(log_path_))));
  }

  const TempDir dir_;
  const std::string log_path_ = dir_ / "log";
};

TEST_F(MeasurementLogTest, KeepsTheLogWithoutATpm) {
  for (const auto& [use, state] :
       {std::pair(TpmUse::kOff, State::kOff),
        std::pair(TpmUse::kAuto, State::kSoftware)}) {
    std::filesystem::remove(log_path_);
    const auto log = Open(use);
    EXPECT_TRUE(log->Measure("/a", Sha256("a")).measured);
    const auto status = log->status();
    EXPECT_EQ(status.state, state);
    EXPECT_EQ(status.pcr, 12U);
    EXPECT_EQ(status.records, 1U);
    EXPECT_EQ(status.extends, 0U);
    EXPECT_TRUE(status.banks.empty());
    EXPECT_EQ(status.detail.empty(), use == TpmUse::kOff);
    const auto records = Records();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].pcr, 12U);
    EXPECT_EQ(Must(ParseImaNg(records[0])).path, "/a");
    EXPECT_EQ(ToVector(Must(ParseImaNg(records[0])).digest.value()),
              Sha256("a"));
  }
}

TEST_F(MeasurementLogTest, RequiredWithoutATpmFails) {
  EXPECT_THAT(MeasurementLog::Open(Options(TpmUse::kRequired)),
              FailsWith(ENODEV));
}

TEST_F(MeasurementLogTest, DefaultIsTheKernelDeviceOnly) {
  if (::access("/dev/tpmrm0", F_OK) == 0) {
    GTEST_SKIP() << "this machine has a TPM, which the test must not extend";
  }
  auto options = Options(TpmUse::kAuto);
  options.tcti.clear();
  const auto status = Must(MeasurementLog::Open(options))->status();
  EXPECT_EQ(status.state, State::kSoftware);
  EXPECT_EQ(status.detail, "no TPM: /dev/tpmrm0 does not exist");
}

TEST_F(MeasurementLogTest, RefusesPcrsThatCannotHoldMeasurements) {
  for (const std::uint32_t pcr : {16U, 23U, 24U, 0xffffffffU}) {
    auto options = Options();
    options.pcr = pcr;
    EXPECT_THAT(MeasurementLog::Open(options), FailsWith(EINVAL)) << pcr;
  }
}

TEST_F(MeasurementLogTest, RefusesALogThatIsNone) {
  dir_.Write("log", "something else");
  EXPECT_THAT(MeasurementLog::Open(Options()), FailsSaying(EBADMSG, log_path_));
  EXPECT_EQ(ReadText(log_path_), "something else");
}

TEST_F(MeasurementLogTest, FolderMustExist) {
  auto options = Options();
  options.log_path = dir_ / "missing/log";
  EXPECT_THAT(MeasurementLog::Open(options), FailsWith(ENOENT));
}

TEST_F(MeasurementLogTest, RecordsEachPathAndDigestOnce) {
  auto log = Open();
  EXPECT_TRUE(log->Measure("/a", Sha256("1")).measured);
  EXPECT_TRUE(log->Measure("/a", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 1U);
  EXPECT_TRUE(log->Measure("/a", Sha256("2")).measured);
  EXPECT_TRUE(log->Measure("/b", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 3U);
  log = Open();
  EXPECT_EQ(log->status().records, 3U);
  EXPECT_TRUE(log->Measure("/a", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 3U);
}

TEST_F(MeasurementLogTest, RecordOfAnotherPcrDoesNotCount) {
  auto options = Options();
  options.pcr = 11;
  EXPECT_TRUE(
      Must(MeasurementLog::Open(options))->Measure("/a", Sha256("1")).measured);
  EXPECT_TRUE(Open()->Measure("/a", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 2U);
}

TEST_F(MeasurementLogTest, ViolationDoesNotCount) {
  auto record = Must(MakeImaNgRecord(
      12, Must(HashBytes(HashAlgorithm::kSha256, AsBytes("1"))), "/a"));
  record.template_digest.assign(20, std::byte{0});
  ByteVector bytes;
  EncodeRecord(record, bytes);
  dir_.Write("log", AsText(bytes));
  EXPECT_TRUE(Open()->Measure("/a", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 2U);
}

TEST_F(MeasurementLogTest, WhatHasNoDigestIsAViolationEachTime) {
  const auto log = Open();
  EXPECT_TRUE(log->Measure("/a", {}).measured);
  EXPECT_TRUE(log->Measure("/a", {}).measured);
  ASSERT_EQ(Records().size(), 2U);
  EXPECT_TRUE(IsViolation(Records().at(1)));
}

TEST_F(MeasurementLogTest, NameWithNewlineIsOneRecord) {
  const auto log = Open();
  EXPECT_TRUE(log->Measure("/a\n12 00 ima-ng \xff", Sha256("1")).measured);
  EXPECT_EQ(Must(ParseImaNg(Records().at(0))).path, "/a_12_00_ima-ng__");
  EXPECT_TRUE(log->Measure("/a\n12 00 ima-ng \xff", Sha256("1")).measured);
  EXPECT_EQ(Records().size(), 1U);
}

TEST_F(MeasurementLogTest, DigestOfAnotherLengthIsNotMeasured) {
  const auto log = Open();
  const auto outcome = log->Measure("/a", ByteVector(20));
  EXPECT_FALSE(outcome.measured);
  EXPECT_FALSE(outcome.error.empty());
  EXPECT_TRUE(Records().empty());
}

TEST_F(MeasurementLogTest, TornRecordIsCutOff) {
  EXPECT_TRUE(Open()->Measure("/a", Sha256("1")).measured);
  const std::string whole = ReadText(log_path_);
  dir_.Write("log", whole + whole.substr(0, whole.size() - 1));
  const auto log = Open();
  EXPECT_EQ(ReadText(log_path_), whole);
  EXPECT_EQ(log->status().records, 1U);
  // Another process dies while it appends.
  dir_.Write("log", whole + whole.substr(0, 10));
  EXPECT_TRUE(log->Measure("/b", Sha256("2")).measured);
  EXPECT_EQ(Records().size(), 2U);
}

TEST_F(MeasurementLogTest, LogThatBecameShorterIsNotMeasured) {
  const auto log = Open();
  EXPECT_TRUE(log->Measure("/a", Sha256("1")).measured);
  std::filesystem::resize_file(log_path_, 0);
  EXPECT_FALSE(log->Measure("/a", Sha256("1")).measured);
  EXPECT_FALSE(log->Measure("/b", Sha256("2")).measured);
}

TEST_F(MeasurementLogTest, TwoOnOneLogLoseNothing) {
  constexpr int kEach = 50;
  const auto one = Open();
  const auto other = Open();
  const auto measure = [](MeasurementLog& log, const std::string& who) {
    for (int i = 0; i < kEach; ++i) {
      const auto number = std::to_string(i);
      EXPECT_TRUE(log.Measure(who + number, Sha256(number)).measured);
      EXPECT_TRUE(log.Measure("/both" + number, Sha256(number)).measured);
    }
  };
  std::thread thread([&] { measure(*one, "/one"); });
  measure(*other, "/other");
  thread.join();
  EXPECT_EQ(Records().size(), 3U * kEach);
}

TEST(StateNameTest, NamesEveryState) {
  EXPECT_EQ(StateName(State::kAnchored), "anchored");
  EXPECT_EQ(StateName(State::kSoftware), "software");
  EXPECT_EQ(StateName(State::kDiverged), "diverged");
  EXPECT_EQ(StateName(State::kOff), "off");
}

}  // namespace
}  // namespace assayfs
