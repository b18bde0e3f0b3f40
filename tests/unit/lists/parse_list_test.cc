// SPDX-License-Identifier: Apache-2.0
// Either format through one entry point.
#include "lists/parse_list.h"

#include <gmock/gmock.h>

#include "lists/tlv.h"
#include "support/header_builder.h"
#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::HeaderBuilder;
using testing::Must;

TEST(ParseListTest, ParsesByFormat) {
  const auto rpm = HeaderBuilder().Build();
  EXPECT_EQ(Must(ParseList(ListFormat::kRpm, rpm)).format, ListFormat::kRpm);
  const auto digest = Must(
      Digest::FromBytes(HashAlgorithm::kMd5, ByteVector(16, std::byte{1})));
  const auto tlv = WriteTlv({{digest, "/a", std::nullopt}});
  EXPECT_EQ(Must(ParseList(ListFormat::kTlv, tlv)).format, ListFormat::kTlv);
}

TEST(ParseListTest, DoesNotGuessTheFormat) {
  EXPECT_THAT(ParseList(ListFormat::kTlv, HeaderBuilder().Build()),
              FailsWith(EBADMSG));
  EXPECT_THAT(ParseList(ListFormat::kRpm, {}), FailsWith(EBADMSG));
}

}  // namespace
}  // namespace assayfs
