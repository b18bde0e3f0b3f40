// SPDX-License-Identifier: Apache-2.0
#include "app/log_replay.h"

#include <gtest/gtest.h>

#include "crypto/hasher.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::Must;

ImaRecord Record(std::uint32_t pcr, std::string_view path) {
  const auto digest = Must(HashBytes(HashAlgorithm::kSha256, AsBytes(path)));
  return Must(MakeImaNgRecord(pcr, digest, path));
}

TEST(LogReplayTest, ReplaysEveryPcrOfTheLogInEveryBank) {
  const std::vector records = {Record(12, "/a"), Record(10, "/b")};
  const auto pcrs = Must(ReplayPcrs(records, {}));
  ASSERT_EQ(pcrs.size(), 8u);
  EXPECT_EQ(pcrs[0].pcr, 10u);
  EXPECT_EQ(pcrs[0].value.algorithm(), HashAlgorithm::kSha1);
  EXPECT_EQ(pcrs[3].value.algorithm(), HashAlgorithm::kSha512);
  EXPECT_EQ(pcrs[4].pcr, 12u);
  EXPECT_EQ(pcrs[5].value,
            Must(ReplayPcr(records, 12, HashAlgorithm::kSha256)));
  EXPECT_FALSE(pcrs[5].tpm.has_value());
}

TEST(LogReplayTest, ReplaysOnlyWhatWasAskedFor) {
  ReplayRequest request;
  request.pcrs = {10};
  request.banks = {HashAlgorithm::kSha384};
  const auto pcrs = Must(ReplayPcrs({Record(12, "/a")}, request));
  ASSERT_EQ(pcrs.size(), 1u);
  EXPECT_EQ(pcrs[0].pcr, 10u);
  EXPECT_EQ(pcrs[0].value.Hex(), std::string(96, '0'));
}

TEST(LogReplayTest, AnEmptyLogExplainsZerosInPcr12) {
  ReplayRequest request;
  request.banks = {HashAlgorithm::kSha256};
  const auto pcrs = Must(ReplayPcrs({}, request));
  ASSERT_EQ(pcrs.size(), 1u);
  EXPECT_EQ(pcrs[0].pcr, 12u);
  EXPECT_EQ(pcrs[0].value.Hex(), std::string(64, '0'));
}

TEST(LogReplayTest, ATpmThatDoesNotAnswerIsAnError) {
  ReplayRequest request;
  request.tcti = "swtpm:host=localhost,port=1";
  EXPECT_THAT(ReplayPcrs({}, request), FailsWith(ENODEV));
}

}  // namespace
}  // namespace assayfs
