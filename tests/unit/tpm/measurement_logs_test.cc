// SPDX-License-Identifier: Apache-2.0
#include "tpm/measurement_logs.h"

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/swtpm.h"
#include "support/temp_dir.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;
using testing::ReadText;
using testing::TempDir;

ByteVector Sha256(std::string_view content) {
  return ToVector(
      Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content))).value());
}

class MeasurementLogsTest : public ::testing::Test {
 protected:
  std::unique_ptr<MeasurementLogs> Open(std::string tcti = "") const {
    return Must(MeasurementLogs::Open(
        {.log_path = log_path_,
         .pcr = 12,
         .tpm = tcti.empty() ? MeasurementLog::TpmUse::kOff
                             : MeasurementLog::TpmUse::kRequired,
         .tcti = std::move(tcti)}));
  }
  std::vector<std::uint32_t> Pcrs() const {
    std::vector<std::uint32_t> pcrs;
    const std::string text = ReadText(log_path_);
    for (const ImaRecord& record : Must(ParseImaLog(AsBytes(text)))) {
      pcrs.push_back(record.pcr);
    }
    return pcrs;
  }

  const TempDir dir_;
  const std::string log_path_ = dir_ / "log";
};

TEST_F(MeasurementLogsTest, RecordsOfAllPcrsAreInOneLog) {
  const auto logs = Open();
  Must(logs->AddPcrs({11, 12, 11}));
  EXPECT_TRUE(logs->Measure({}, "/a", Sha256("a")).measured);
  EXPECT_TRUE(logs->Measure(11, "/a", Sha256("a")).measured);
  EXPECT_TRUE(logs->Measure(12, "/a", Sha256("a")).measured) << "there already";
  EXPECT_EQ(Pcrs(), (std::vector<std::uint32_t>{12, 11}));
}

TEST_F(MeasurementLogsTest, APcrThatWasNotAddedIsNotExtended) {
  const auto logs = Open();
  const auto outcome = logs->Measure(11, "/a", Sha256("a"));
  EXPECT_FALSE(outcome.measured);
  EXPECT_EQ(outcome.error, "no log for PCR 11");
  EXPECT_TRUE(Pcrs().empty());
}

TEST_F(MeasurementLogsTest, APcrThatAnyoneCanResetIsRefused) {
  EXPECT_THAT(Open()->AddPcrs({16}), FailsWith(EINVAL));
}

TEST_F(MeasurementLogsTest, EachPcrIsAnchored) {
  if (!testing::Swtpm::Available()) GTEST_SKIP() << "needs swtpm";
  const testing::Swtpm swtpm;
  {
    const auto logs = Open(swtpm.tcti());
    Must(logs->AddPcrs({11}));
    for (const std::uint32_t pcr : {11U, 12U, 11U}) {
      const std::string name = "/" + std::to_string(Pcrs().size());
      EXPECT_TRUE(logs->Measure(pcr, name, Sha256(name)).measured);
    }
    const auto statuses = logs->statuses();
    ASSERT_EQ(statuses.size(), 2U);
    EXPECT_EQ(statuses[0].pcr, 12U);
    EXPECT_EQ(statuses[0].extends, 1U);
    EXPECT_EQ(statuses[1].pcr, 11U);
    EXPECT_EQ(statuses[1].extends, 2U);
  }
  // After a restart both are what the log gives.
  const auto again = Open(swtpm.tcti());
  Must(again->AddPcrs({11}));
  for (const auto& status : again->statuses()) {
    EXPECT_EQ(status.state, MeasurementLog::State::kAnchored) << status.pcr;
  }
}

}  // namespace
}  // namespace assayfs
