// SPDX-License-Identifier: Apache-2.0
// `log show` and `log replay`, run as users run them.
#include <gtest/gtest.h>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/swtpm.h"
#include "support/temp_dir.h"
#include "tool_runner.h"
#include "tpm/esys_pcr.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using testing::Must;
using testing::RunTool;
using testing::Swtpm;
using testing::TempDir;

class LogVerbTest : public ::testing::Test {
 protected:
  LogVerbTest() {
    const auto digest =
        Must(HashBytes(HashAlgorithm::kSha256, AsBytes("abcd")));
    records_ = {Must(MakeImaNgRecord(12, digest, "/lists/rpm-a")),
                Must(MakeImaNgRecord(12, digest, "/lists/rpm-b"))};
    ByteVector bytes;
    for (const ImaRecord& record : records_) EncodeRecord(record, bytes);
    log_ = dir_.Write("log", AsText(bytes));
  }

  TempDir dir_;
  std::vector<ImaRecord> records_;
  std::string log_;
};

TEST_F(LogVerbTest, ShowPrintsImasAsciiLines) {
  const auto run = RunTool({"log", "show", log_});
  EXPECT_EQ(run.status, kExitYes);
  EXPECT_EQ(run.out, ToAscii(records_[0]) + "\n" + ToAscii(records_[1]) + "\n");
  EXPECT_EQ(RunTool({"log", "show", "--ascii", log_}).out, run.out);
}

TEST_F(LogVerbTest, ShowPrintsJson) {
  const auto run = RunTool({"log", "show", "--json", log_});
  const auto records = run.Json()["records"];
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["pcr"], 12);
  EXPECT_EQ(records[0]["template"], "ima-ng");
  EXPECT_EQ(records[0]["path"], "/lists/rpm-a");
  EXPECT_EQ(records[0]["digest"]["algorithm"], "sha256");
  // Origin: `printf abcd | sha256sum`.
  EXPECT_EQ(records[0]["digest"]["value"],
            "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589");
}

TEST_F(LogVerbTest, ShowTakesOneFormOnly) {
  EXPECT_EQ(RunTool({"log", "show", "--ascii", "--json", log_}).status,
            kExitUsage);
}

TEST_F(LogVerbTest, ReplayPrintsOneLineForEachBank) {
  const auto run = RunTool({"log", "replay", log_});
  EXPECT_EQ(run.status, kExitYes);
  std::string want;
  for (const auto bank : {HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                          HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    want += "pcr-12 " + std::string(AlgorithmName(bank)) + ": " +
            Must(ReplayPcr(records_, 12, bank)).Hex() + "\n";
  }
  EXPECT_EQ(run.out, want);
}

TEST_F(LogVerbTest, ReplayOfOneBankInJson) {
  const auto run = RunTool(
      {"log", "replay", "--json", "--pcr", "12", "--bank", "sha256", log_});
  const auto json = run.Json();
  EXPECT_EQ(json["records"], 2);
  ASSERT_EQ(json["pcrs"].size(), 1u);
  EXPECT_EQ(json["pcrs"][0]["value"],
            Must(ReplayPcr(records_, 12, HashAlgorithm::kSha256)).Hex());
  EXPECT_FALSE(json["pcrs"][0].contains("tpm"));
}

TEST_F(LogVerbTest, ReplayKnowsItsBanksAndPcrs) {
  EXPECT_EQ(RunTool({"log", "replay", "--bank", "md5", log_}).status,
            kExitUsage);
  EXPECT_EQ(RunTool({"log", "replay", "--pcr", "24", log_}).status, kExitUsage);
}

TEST_F(LogVerbTest, ReplayFailsIfTheTpmCannotBeReached) {
  const auto run =
      RunTool({"log", "replay", "--tcti", "swtpm:host=localhost,port=1", log_});
  EXPECT_EQ(run.status, kExitFailed);
  EXPECT_EQ(run.out, "");
}

TEST_F(LogVerbTest, ReplayComparesWithTheTpm) {
  if (!Swtpm::Available()) GTEST_SKIP() << "no swtpm";
  const Swtpm swtpm;
  const auto differs = RunTool({"log", "replay", "--tcti", swtpm.tcti(), log_});
  EXPECT_EQ(differs.status, kExitNo);
  EXPECT_NE(differs.out.find(" differs from the TPM: "), std::string::npos);
  {
    auto tpm = Must(TpmConnection::Open(swtpm.tcti()));
    const auto banks = Must(tpm.AllocatedBanks(12));
    for (const ImaRecord& record : records_) {
      std::vector<Digest> inputs;
      for (const auto bank : banks) {
        inputs.push_back(Must(PcrInput(record, bank)));
      }
      Must(tpm.Extend(12, inputs));
    }
  }
  const auto equal = RunTool({"log", "replay", "--tcti", swtpm.tcti(), log_});
  EXPECT_EQ(equal.status, kExitYes) << equal.out << equal.err;
  EXPECT_NE(equal.out.find(" matches the TPM"), std::string::npos);
  const auto json =
      RunTool({"log", "replay", "--json", "--tcti", swtpm.tcti(), log_}).Json();
  EXPECT_EQ(json["pcrs"][0]["matches"], true);
}

TEST_F(LogVerbTest, ABrokenLogIsAnError) {
  const auto path = dir_.Write("broken", "not a log");
  for (const char* part : {"show", "replay"}) {
    const auto run = RunTool({"log", part, path});
    EXPECT_EQ(run.status, kExitFailed);
    EXPECT_NE(run.err.find("broken"), std::string::npos);
  }
}

TEST_F(LogVerbTest, AMissingLogIsAnError) {
  EXPECT_EQ(RunTool({"log", "show", dir_ / "missing"}).status, kExitFailed);
}

}  // namespace
}  // namespace assayfs
