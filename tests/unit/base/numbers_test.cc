// SPDX-License-Identifier: Apache-2.0
#include "base/numbers.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace assayfs {
namespace {

TEST(ParseNumberTest, TakesWholeNumbers) {
  EXPECT_EQ(ParseNumber<unsigned>("0"), 0u);
  EXPECT_EQ(ParseNumber<int>("-7"), -7);
  EXPECT_EQ(ParseNumber<unsigned>("1F", 16), 31u);
  EXPECT_EQ(ParseNumber<std::uint64_t>("18446744073709551615"), UINT64_MAX);
}

TEST(ParseNumberTest, TakesNothingElse) {
  for (const char* text :
       {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0", "4294967296"}) {
    EXPECT_EQ(ParseNumber<std::uint32_t>(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseNumber<unsigned>(std::string("1\0", 2)), std::nullopt);
}

}  // namespace
}  // namespace assayfs
