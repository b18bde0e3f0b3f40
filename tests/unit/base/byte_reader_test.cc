// SPDX-License-Identifier: Apache-2.0
// ByteReader: byte order and bounds.
#include "base/byte_reader.h"

#include <gmock/gmock.h>

#include "base/bytes.h"

namespace assayfs {
namespace {

TEST(ByteReaderTest, ReadsIntegersInTheOrderTheNameSays) {
  const auto bytes = FromHex(
                         "01"
                         "0203"
                         "04050607"
                         "08090a0b0c0d0e0f"
                         "10111213")
                         .value();
  ByteReader in(bytes);
  EXPECT_EQ(in.TakeU8(), 0x01);
  EXPECT_EQ(in.TakeBe16(), 0x0203);
  EXPECT_EQ(in.TakeBe32(), 0x04050607u);
  EXPECT_EQ(in.TakeBe64(), 0x08090a0b0c0d0e0fu);
  EXPECT_EQ(in.TakeLe32(), 0x13121110u);
  EXPECT_TRUE(in.empty());
}

TEST(ByteReaderTest, ReadsTheLargestValues) {
  const ByteVector bytes(19, std::byte{0xff});
  ByteReader in(bytes);
  EXPECT_EQ(in.TakeU8(), UINT8_MAX);
  EXPECT_EQ(in.TakeBe16(), UINT16_MAX);
  EXPECT_EQ(in.TakeBe32(), UINT32_MAX);
  EXPECT_EQ(in.TakeBe64(), UINT64_MAX);
  EXPECT_EQ(in.TakeLe32(), UINT32_MAX);
  EXPECT_TRUE(in.empty());
}

TEST(ByteReaderTest, ATakeThatFailsLeavesThePosition) {
  const auto bytes = FromHex("010203").value();
  ByteReader in(bytes);
  EXPECT_EQ(in.TakeBe32(), std::nullopt);
  EXPECT_EQ(in.TakeLe32(), std::nullopt);
  EXPECT_EQ(in.TakeBe64(), std::nullopt);
  EXPECT_EQ(in.Take(4), std::nullopt);
  EXPECT_EQ(in.Take(SIZE_MAX), std::nullopt);
  EXPECT_EQ(in.left(), 3u);
  EXPECT_EQ(in.TakeBe16(), 0x0102);
  EXPECT_EQ(in.TakeBe16(), std::nullopt);
  EXPECT_EQ(in.TakeU8(), 0x03);
  EXPECT_EQ(in.TakeU8(), std::nullopt);
}

TEST(ByteReaderTest, TakesRunsOfBytes) {
  const auto bytes = FromHex("010203").value();
  ByteReader in(bytes);
  EXPECT_TRUE(in.Take(0)->empty());
  EXPECT_EQ(ToHex(in.Take(2).value()), "0102");
  EXPECT_EQ(in.left(), 1u);
  EXPECT_EQ(ToHex(in.Take(1).value()), "03");
  EXPECT_TRUE(in.Take(0)->empty());
}

TEST(ByteReaderTest, ReadsNothingFromNoBytes) {
  ByteReader in{Bytes()};
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.TakeU8(), std::nullopt);
  EXPECT_TRUE(in.Take(0).has_value());
}

TEST(ByteReaderTest, ACopyReadsAhead) {
  const auto bytes = FromHex("0102").value();
  ByteReader in(bytes);
  ByteReader ahead = in;
  EXPECT_EQ(ahead.TakeBe16(), 0x0102);
  EXPECT_EQ(in.left(), 2u);
}

}  // namespace
}  // namespace assayfs
