// SPDX-License-Identifier: Apache-2.0
#include "tpm/esys_pcr.h"

#include <cstdlib>
#include <string>

#include "crypto/hasher.h"
#include "support/results.h"
#include "support/swtpm.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using ::testing::ElementsAre;
using testing::FailsWith;
using testing::Must;
using testing::Swtpm;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class EsysPcrTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Swtpm::Available()) GTEST_SKIP() << "swtpm is not installed";
  }
};

TEST_F(EsysPcrTest, UnreachableTpmIsReportedAndNothingIsPrinted) {
  CaptureStderr();
  EXPECT_THAT(TpmConnection::Open("device:/nonexistent"), FailsWith(ENODEV));
  EXPECT_THAT(TpmConnection::Open("swtpm:path=/nonexistent"),
              FailsWith(ENODEV));
  EXPECT_THAT(TpmConnection::Open("no-such-tcti:x"), FailsWith(ENODEV));
  EXPECT_EQ(GetCapturedStderr(), "");
}

TEST_F(EsysPcrTest, ExtendsEveryBankOnce) {
  Swtpm swtpm;
  auto tpm = Must(TpmConnection::Open(swtpm.tcti()));
  const auto banks = Must(tpm.AllocatedBanks(12));
  EXPECT_THAT(banks,
              ElementsAre(HashAlgorithm::kSha1, HashAlgorithm::kSha256,
                          HashAlgorithm::kSha384, HashAlgorithm::kSha512));
  std::vector<Digest> inputs;
  for (const auto bank : banks) {
    EXPECT_EQ(Must(tpm.Read(12, bank)), Must(EmptyPcr(bank)));
    inputs.push_back(Must(HashBytes(bank, AsBytes("input"))));
  }
  Must(tpm.Extend(12, inputs));
  for (std::size_t i = 0; i < banks.size(); ++i) {
    EXPECT_EQ(Must(tpm.Read(12, banks[i])),
              Must(ExtendPcr(Must(EmptyPcr(banks[i])), inputs[i])));
    EXPECT_EQ(Must(tpm.Read(11, banks[i])), Must(EmptyPcr(banks[i])));
  }
}

TEST_F(EsysPcrTest, BankWithoutThePcrIsNotAllocated) {
  Swtpm swtpm;
  const std::string allocate = "tpm2_pcrallocate -Q -T " + swtpm.tcti() +
                               " sha1:0,1+sha256:all+sha384:none+sha512:none";
  if (std::system(allocate.c_str()) != 0) {
    GTEST_SKIP() << "tpm2_pcrallocate is not installed";
  }
  swtpm.Stop();
  swtpm.Start();
  auto tpm = Must(TpmConnection::Open(swtpm.tcti()));
  EXPECT_THAT(Must(tpm.AllocatedBanks(12)),
              ElementsAre(HashAlgorithm::kSha256));
  EXPECT_THAT(Must(tpm.AllocatedBanks(1)),
              ElementsAre(HashAlgorithm::kSha1, HashAlgorithm::kSha256));
  EXPECT_THAT(tpm.Read(12, HashAlgorithm::kSha1), FailsWith(EIO));
}

TEST_F(EsysPcrTest, RefusesAlgorithmsThatNoBankHas) {
  Swtpm swtpm;
  auto tpm = Must(TpmConnection::Open(swtpm.tcti()));
  EXPECT_THAT(
      tpm.Extend(12, {Must(HashBytes(HashAlgorithm::kMd5, AsBytes("x")))}),
      FailsWith(EIO));
  EXPECT_THAT(tpm.Read(12, HashAlgorithm::kSha3_256), FailsWith(EIO));
  EXPECT_THAT(tpm.Read(24, HashAlgorithm::kSha256), FailsWith(EIO));
}

TEST_F(EsysPcrTest, TpmThatDiedIsAnError) {
  Swtpm swtpm;
  auto tpm = Must(TpmConnection::Open(swtpm.tcti()));
  swtpm.Stop();
  EXPECT_THAT(tpm.AllocatedBanks(12), FailsWith(EIO));
  EXPECT_THAT(
      tpm.Extend(12, {Must(HashBytes(HashAlgorithm::kSha256, AsBytes("x")))}),
      FailsWith(EIO));
  EXPECT_THAT(tpm.Read(12, HashAlgorithm::kSha256), FailsWith(EIO));
}

}  // namespace
}  // namespace assayfs
