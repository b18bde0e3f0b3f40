// SPDX-License-Identifier: Apache-2.0
// A real signed list, with each bit of its signed part flipped in turn.
#include <fcntl.h>

#include <filesystem>

#include "appraise/check_list.h"
#include "base/files.h"
#include "lists/appended_signature.h"
#include "support/results.h"
#include "support/temp_dir.h"
#include "trust/keyring.h"

namespace assayfs {
namespace {

using testing::Must;

constexpr const char* kList = "rpm-mariner-repos-preview-2.0-4.cm2.noarch";

TEST(FlippedBitsTest, NoBitOfTheSignedPartOfARealListCanBeFlipped) {
  const auto data = testing::RealData();
  if (data.empty()) GTEST_SKIP() << "needs ASSAYFS_TEST_DATA";
  const auto keys = Must(Keyring::Load({data / "keys/good/mariner.asc"}));
  RawList raw{
      kList, kList,
      ReadFileAt(AT_FDCWD, data / "lists/mariner" / kList, kMaxListBytes)};
  ByteVector& bytes = *raw.bytes;
  ASSERT_TRUE(CheckList(raw, *keys, {}).has_value());
  const std::size_t signed_bytes = Must(SplitSignature(bytes)).payload.size();
  ASSERT_GT(signed_bytes, 1000U);
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < signed_bytes * 8; ++bit) {
    const auto mask = std::byte{1} << (bit % 8);
    bytes[bit / 8] ^= mask;
    if (CheckList(raw, *keys, {})) ++accepted;
    bytes[bit / 8] ^= mask;
  }
  EXPECT_EQ(accepted, 0U);
}

}  // namespace
}  // namespace assayfs
