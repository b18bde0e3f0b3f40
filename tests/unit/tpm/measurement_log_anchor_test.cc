// SPDX-License-Identifier: Apache-2.0
// MeasurementLog with a TPM: log and PCR stay equal, or it says so.
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/swtpm.h"
#include "support/temp_dir.h"
#include "tpm/esys_pcr.h"
#include "tpm/ima_log.h"
#include "tpm/measurement_log.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using ::testing::HasSubstr;
using testing::Must;
using testing::ReadText;
using testing::Swtpm;
using testing::TempDir;
using State = MeasurementLog::State;
using TpmUse = MeasurementLog::TpmUse;

constexpr std::uint32_t kPcr = 12;

ByteVector Sha256(std::string_view content) {
  return ToVector(
      Must(HashBytes(HashAlgorithm::kSha256, AsBytes(content))).value());
}

// Returns what a shell command prints to stdout and stderr.
std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r");
  if (pipe == nullptr) return output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    output += static_cast<char>(c);
  }
  ::pclose(pipe);
  return output;
}

// Returns PCR 12 as evmctl wants to read it: it looks for PCR-00 first, and
// for the next only when it has found one.
std::string PcrLines(const std::string& value) {
  std::string lines;
  for (int pcr = 0; pcr < 12; ++pcr) {
    lines += "PCR-" + std::string(pcr < 10 ? "0" : "") + std::to_string(pcr) +
             ": " + std::string(value.size(), '0') + "\n";
  }
  return lines + "PCR-12: " + value + "\n";
}

class MeasurementLogAnchorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Swtpm::Available()) GTEST_SKIP() << "swtpm is not installed";
    swtpm_.emplace();
  }

  MeasurementLog::Options Options(TpmUse use = TpmUse::kRequired) const {
    return {
        .log_path = log_path_, .pcr = kPcr, .tpm = use, .tcti = swtpm_->tcti()};
  }
  std::unique_ptr<MeasurementLog> Open(TpmUse use = TpmUse::kRequired) const {
    return Must(MeasurementLog::Open(Options(use)));
  }
  std::vector<ImaRecord> Records() const {
    return Must(ParseImaLog(AsBytes(ReadText(log_path_))));
  }
  // Measures a file that has its path as content.
  static bool Measured(MeasurementLog& log, const std::string& path) {
    return log.Measure(path, Sha256(path)).measured;
  }
  // Appends a record as a process that dies before it extends.
  void AppendOnly(const std::string& path) const {
    ASSERT_TRUE(Measured(*Open(TpmUse::kOff), path));
  }
  // Extends the PCR as another program would.
  void ExtendByStranger() const {
    auto tpm = Must(TpmConnection::Open(swtpm_->tcti()));
    std::vector<Digest> inputs;
    for (const auto bank : Must(tpm.AllocatedBanks(kPcr))) {
      inputs.push_back(Must(HashBytes(bank, AsBytes("stranger"))));
    }
    Must(tpm.Extend(kPcr, inputs));
  }
  Digest Pcr(HashAlgorithm bank) const {
    return Must(Must(TpmConnection::Open(swtpm_->tcti())).Read(kPcr, bank));
  }
  // Says whether the log explains the PCR in all four banks.
  bool Explained() const {
    for (const auto bank : {HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                            HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
      if (Pcr(bank) != Must(ReplayPcr(Records(), kPcr, bank))) return false;
    }
    return true;
  }

  const TempDir dir_;
  const std::string log_path_ = dir_ / "log";
  std::optional<Swtpm> swtpm_;
};

TEST_F(MeasurementLogAnchorTest, ExtendsEveryBank) {
  for (const auto use : {TpmUse::kRequired, TpmUse::kAuto}) {
    const auto log = Open(use);
    const std::string name = use == TpmUse::kAuto ? "/auto" : "/required";
    EXPECT_TRUE(Measured(*log, name + "1"));
    EXPECT_TRUE(Measured(*log, name + "2"));
    const auto status = log->status();
    EXPECT_EQ(status.state, State::kAnchored);
    EXPECT_EQ(status.banks.size(), 4U);
    EXPECT_EQ(status.extends, 2U);
    EXPECT_EQ(status.detail, "");
    EXPECT_TRUE(Explained());
  }
}

TEST_F(MeasurementLogAnchorTest, OtherProgramsAgree) {
  if (OutputOf("tpm2_pcrread --version").find("tpm2_pcrread") ==
          std::string::npos ||
      OutputOf("evmctl --version").find("evmctl") == std::string::npos) {
    GTEST_SKIP() << "tpm2-tools or ima-evm-utils are not installed";
  }
  const auto log = Open();
  EXPECT_TRUE(Measured(*log, "/lists/a"));
  EXPECT_TRUE(Measured(*log, "/lists/with space\n\xff"));
  std::string pcrs_arguments;
  for (const std::string bank : {"sha1", "sha256"}) {
    const auto file = dir_ / bank;
    const auto command = "tpm2_pcrread -Q -T " + swtpm_->tcti() + " -o " +
                         file + " " + bank + ":12";
    EXPECT_EQ(OutputOf(command), "");
    const auto value = ToHex(AsBytes(ReadText(file)));
    EXPECT_EQ(value, Pcr(*AlgorithmFromName(bank)).Hex());
    dir_.Write(bank, PcrLines(value));
    pcrs_arguments += " --pcrs " + bank + "," + file;
  }
  const auto said =
      OutputOf("evmctl ima_measurement" + pcrs_arguments + " " + log_path_);
  EXPECT_THAT(said, HasSubstr("Matched per TPM bank"));
}

TEST_F(MeasurementLogAnchorTest, RestartExtendsNothingAgain) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  const auto log = Open();
  EXPECT_EQ(log->status().state, State::kAnchored);
  EXPECT_TRUE(Measured(*log, "/a"));
  EXPECT_EQ(log->status().extends, 0U);
  EXPECT_EQ(Records().size(), 1U);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, LastRecordIsExtendedAtStart) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  AppendOnly("/b");
  EXPECT_FALSE(Explained());
  const auto log = Open();
  EXPECT_EQ(log->status().state, State::kAnchored);
  EXPECT_EQ(log->status().extends, 1U);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, TwoMissingRecordsDivergeAndAreNotMeasured) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  AppendOnly("/b");
  AppendOnly("/c");
  const auto log = Open();
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_EQ(log->status().detail,
            "PCR 12 holds only 1 of the 3 records in the log");
  EXPECT_TRUE(Measured(*log, "/a"));
  EXPECT_EQ(log->status().extends, 0U);
  EXPECT_TRUE(Measured(*log, "/b"));
  EXPECT_EQ(log->status().extends, 1U);
  EXPECT_EQ(log->status().state, State::kDiverged);
}

TEST_F(MeasurementLogAnchorTest, LogOfAnEarlierBootDiverges) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  EXPECT_TRUE(Measured(*Open(), "/b"));
  swtpm_->Stop();
  swtpm_->Start();
  const auto log = Open();
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_TRUE(Measured(*log, "/a"));
  EXPECT_EQ(log->status().extends, 1U);
}

TEST_F(MeasurementLogAnchorTest, PcrExtendedBeforeUsDiverges) {
  ExtendByStranger();
  const auto before = Pcr(HashAlgorithm::kSha256);
  const auto log = Open();
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_EQ(log->status().detail, "PCR 12 holds what the log does not explain");
  // What is used is recorded and extended all the same.
  EXPECT_TRUE(Measured(*log, "/a"));
  const auto input = Must(PcrInput(Records().at(0), HashAlgorithm::kSha256));
  EXPECT_EQ(Pcr(HashAlgorithm::kSha256), Must(ExtendPcr(before, input)));
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_EQ(log->status().extends, 1U);
}

TEST_F(MeasurementLogAnchorTest, LostTpmMeansNotMeasuredIfRequired) {
  const auto log = Open();
  EXPECT_TRUE(Measured(*log, "/a"));
  swtpm_->Stop();
  const auto outcome = log->Measure("/b", Sha256("/b"));
  EXPECT_FALSE(outcome.measured);
  EXPECT_THAT(outcome.error, HasSubstr("TPM"));
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_EQ(log->status().detail, outcome.error);
  // One record waits for its extend; no other joins it.
  EXPECT_FALSE(Measured(*log, "/b"));
  EXPECT_FALSE(Measured(*log, "/c"));
  EXPECT_FALSE(Measured(*log, "/a"));
  EXPECT_EQ(Records().size(), 2U);
}

TEST_F(MeasurementLogAnchorTest, LostTpmDivergesButMeasuresIfAuto) {
  const auto log = Open(TpmUse::kAuto);
  EXPECT_TRUE(Measured(*log, "/a"));
  swtpm_->Stop();
  EXPECT_TRUE(Measured(*log, "/b"));
  EXPECT_TRUE(Measured(*log, "/c"));
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_THAT(log->status().detail, HasSubstr("TPM"));
  EXPECT_EQ(log->status().extends, 1U);
  EXPECT_EQ(Records().size(), 3U);
}

TEST_F(MeasurementLogAnchorTest, TpmThatComesBackIsCaughtUpWith) {
  for (const auto use : {TpmUse::kRequired, TpmUse::kAuto}) {
    const auto log = Open(use);
    const std::string name = use == TpmUse::kAuto ? "/auto" : "/required";
    swtpm_->Hide();
    EXPECT_EQ(Measured(*log, name + "1"), use == TpmUse::kAuto);
    EXPECT_EQ(Measured(*log, name + "2"), use == TpmUse::kAuto);
    swtpm_->Show();
    EXPECT_TRUE(Measured(*log, name + "3"));
    EXPECT_EQ(log->status().state, State::kAnchored);
    EXPECT_EQ(log->status().detail, "");
    EXPECT_TRUE(Explained());
  }
}

TEST_F(MeasurementLogAnchorTest, TpmThatComesBackResetIsNoticed) {
  const auto log = Open();
  EXPECT_TRUE(Measured(*log, "/a"));
  swtpm_->Stop();
  EXPECT_FALSE(Measured(*log, "/b"));
  swtpm_->Start();
  EXPECT_TRUE(Measured(*log, "/b"));
  EXPECT_EQ(log->status().state, State::kDiverged);
  EXPECT_EQ(log->status().detail,
            "PCR 12 was extended or reset by someone else");
}

TEST_F(MeasurementLogAnchorTest, RecordThatAnotherExtendedIsNotExtendedTwice) {
  const auto log = Open();
  swtpm_->Hide();
  EXPECT_FALSE(Measured(*log, "/a"));
  swtpm_->Show();
  EXPECT_EQ(Open()->status().extends, 1U);
  EXPECT_TRUE(Measured(*log, "/a"));
  EXPECT_EQ(log->status().extends, 0U);
  EXPECT_EQ(log->status().state, State::kAnchored);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, RecordsOfAKilledProcessAreExtended) {
  const auto log = Open();
  EXPECT_TRUE(Measured(*log, "/a"));
  AppendOnly("/b");
  AppendOnly("/c");
  EXPECT_TRUE(Measured(*log, "/c"));
  EXPECT_EQ(log->status().extends, 3U);
  EXPECT_EQ(log->status().state, State::kAnchored);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, TwoOnOneLogAndPcrStayAnchored) {
  constexpr int kEach = 20;
  const auto one = Open();
  const auto other = Open(TpmUse::kAuto);
  const auto measure = [](MeasurementLog& log, const std::string& who) {
    for (int i = 0; i < kEach; ++i) {
      EXPECT_TRUE(Measured(log, who + std::to_string(i)));
      EXPECT_TRUE(Measured(log, "/both" + std::to_string(i)));
    }
  };
  std::thread thread([&] { measure(*one, "/one"); });
  measure(*other, "/other");
  thread.join();
  EXPECT_EQ(Records().size(), 3U * kEach);
  EXPECT_EQ(one->status().extends + other->status().extends, 3U * kEach);
  EXPECT_EQ(one->status().state, State::kAnchored);
  EXPECT_EQ(other->status().state, State::kAnchored);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, ThreadsOnOneObjectStayAnchored) {
  const auto log = Open();
  const auto measure = [&](const std::string& who) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(Measured(*log, who + std::to_string(i)));
      EXPECT_LE(log->status().extends, 40U);
    }
  };
  std::thread thread([&] { measure("/one"); });
  measure("/other");
  thread.join();
  EXPECT_EQ(log->status().extends, 40U);
  EXPECT_TRUE(Explained());
}

TEST_F(MeasurementLogAnchorTest, TornRecordIsCutOffIfThePcrExplainsTheRest) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  const std::string whole = ReadText(log_path_);
  dir_.Write("log", whole + whole.substr(0, 40));
  EXPECT_EQ(Open()->status().state, State::kAnchored);
  EXPECT_EQ(ReadText(log_path_), whole);
}

TEST_F(MeasurementLogAnchorTest, TornRecordStaysIfItMayHaveBeenExtended) {
  EXPECT_TRUE(Measured(*Open(), "/a"));
  EXPECT_TRUE(Measured(*Open(), "/b"));
  std::filesystem::resize_file(log_path_,
                               std::filesystem::file_size(log_path_) - 1);
  const std::string torn = ReadText(log_path_);
  for (const auto use : {TpmUse::kRequired, TpmUse::kAuto}) {
    EXPECT_THAT(MeasurementLog::Open(Options(use)), FailsWith(EBADMSG));
  }
  EXPECT_EQ(ReadText(log_path_), torn);
}

TEST_F(MeasurementLogAnchorTest, PcrWithoutABankIsNoTpm) {
  const auto allocate = OutputOf("tpm2_pcrallocate -Q -T " + swtpm_->tcti() +
                                 " sha1:none+sha256:0,1,2,3,4,5,6,7,8,9,10,11,"
                                 "13,14,15,16,17,18,19,20,21,22,23+"
                                 "sha384:none+sha512:none && echo done");
  if (allocate != "done\n") GTEST_SKIP() << "tpm2_pcrallocate: " << allocate;
  swtpm_->Stop();
  swtpm_->Start();
  EXPECT_THAT(MeasurementLog::Open(Options()), FailsWith(ENODEV));
  EXPECT_EQ(Open(TpmUse::kAuto)->status().state, State::kSoftware);
}

}  // namespace
}  // namespace assayfs
