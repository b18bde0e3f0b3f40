// SPDX-License-Identifier: Apache-2.0
// Names of digest lists and their order.
#include "lists/list_name.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/results.h"

namespace assayfs {
namespace {

using testing::FailsSaying;
using testing::Must;

TEST(ListNameTest, ReadsFormatAndName) {
  const auto name = Must(ParseListName("rpm-bash-5.1.8-1.x86_64"));
  EXPECT_EQ(name.sequence, std::nullopt);
  EXPECT_EQ(name.format, ListFormat::kRpm);
  EXPECT_EQ(name.name, "bash-5.1.8-1.x86_64");
}

TEST(ListNameTest, ReadsSequenceNumber) {
  const auto name = Must(ParseListName("0042-tlv-mine"));
  EXPECT_EQ(name.sequence, 42u);
  EXPECT_EQ(name.format, ListFormat::kTlv);
  EXPECT_EQ(name.name, "mine");
}

TEST(ListNameTest, TakesTheLargestNumber) {
  EXPECT_EQ(Must(ParseListName("18446744073709551615-rpm-x")).sequence,
            UINT64_MAX);
}

TEST(ListNameTest, RefusesANumberOver64Bits) {
  EXPECT_THAT(ParseListName("18446744073709551616-rpm-x"),
              FailsSaying(EINVAL, "too large"));
}

TEST(ListNameTest, RefusesANumberWithOtherCharacters) {
  EXPECT_THAT(ParseListName("1a-rpm-x"), FailsSaying(EINVAL, "not a number"));
}

TEST(ListNameTest, RefusesANumberAlone) {
  EXPECT_THAT(ParseListName("12"), FailsSaying(EINVAL, "follows the number"));
}

TEST(ListNameTest, RefusesUnknownFormats) {
  EXPECT_THAT(ParseListName("deb-bash"), FailsSaying(EINVAL, "\"deb\""));
  EXPECT_THAT(ParseListName("RPM-bash"), FailsSaying(EINVAL, "\"RPM\""));
  EXPECT_THAT(ParseListName("-rpm-bash"), FailsSaying(EINVAL, "\"\""));
  EXPECT_THAT(ParseListName("1-2-rpm-bash"), FailsSaying(EINVAL, "\"2\""));
}

TEST(ListNameTest, RefusesMissingFormat) {
  EXPECT_THAT(ParseListName(""), FailsSaying(EINVAL, "no format"));
  EXPECT_THAT(ParseListName("rpm"), FailsSaying(EINVAL, "no format"));
  EXPECT_THAT(ParseListName("1-rpm"), FailsSaying(EINVAL, "no format"));
}

TEST(ListNameTest, RefusesMissingName) {
  EXPECT_THAT(ParseListName("rpm-"), FailsSaying(EINVAL, "follows the format"));
}

TEST(ListNameTest, TakesTheNumberOff) {
  EXPECT_EQ(WithoutNumber("12-rpm-a-1-2"), "rpm-a-1-2");
  EXPECT_EQ(WithoutNumber("tlv-a"), "tlv-a");
  for (const char* name : {"12-zip-a", "12", "1x-rpm-a", ""}) {
    EXPECT_EQ(WithoutNumber(name), name);
  }
}

TEST(ListNameTest, NumberedListsComeFirstByNumber) {
  std::vector<std::string> names = {"tlv-a",   "10-rpm-a",  "rpm-b",
                                    "9-rpm-z", "010-rpm-a", "rpm-a"};
  std::ranges::sort(names, LoadsBefore);
  EXPECT_THAT(names, ::testing::ElementsAre("9-rpm-z", "010-rpm-a", "10-rpm-a",
                                            "rpm-a", "rpm-b", "tlv-a"));
}

TEST(ListNameTest, RefusedNamesCountAsNotNumbered) {
  EXPECT_TRUE(LoadsBefore("5-rpm-a", "1-deb-a"));
  EXPECT_TRUE(LoadsBefore("1-deb-a", "rpm-a"));
}

TEST(ListNameTest, BytesAboveAsciiSortLast) {
  EXPECT_TRUE(LoadsBefore("rpm-z", "rpm-\xc3\xa4"));
  EXPECT_FALSE(LoadsBefore("rpm-\xc3\xa4", "rpm-z"));
}

TEST(ListNameTest, ANameDoesNotLoadBeforeItself) {
  for (const char* name :
       {"1-rpm-a", "rpm-a", "", "99999999999999999999-rpm-a"})
    EXPECT_FALSE(LoadsBefore(name, name)) << name;
}

}  // namespace
}  // namespace assayfs
