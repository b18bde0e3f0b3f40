// SPDX-License-Identifier: Apache-2.0
#include "app/uses/logged_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"

namespace assayfs {
namespace {

TEST(LoggedTextTest, KeepsCharactersAndEscapesOtherBytes) {
  EXPECT_EQ(ToLoggedText("/a b\n\u00e9\u20ac\U0001f600"),
            "/a b\n\u00e9\u20ac\U0001f600");
  EXPECT_EQ(ToLoggedText("100%"), "100%25");
  EXPECT_EQ(ToLoggedText("\xff\xc3"), "%ff%c3");
  EXPECT_EQ(ToLoggedText("\xe2\x82"), "%e2%82");
}

TEST(LoggedTextTest, WhatRfc3629ForbidsIsNoCharacter) {
  EXPECT_EQ(ToLoggedText("\xc0\x80"), "%c0%80");                // too long
  EXPECT_EQ(ToLoggedText("\xe0\x80\x80"), "%e0%80%80");         // likewise
  EXPECT_EQ(ToLoggedText("\xed\xa0\x80"), "%ed%a0%80");         // surrogate
  EXPECT_EQ(ToLoggedText("\xf4\x90\x80\x80"), "%f4%90%80%80");  // too large
  EXPECT_EQ(ToLoggedText("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");
}

TEST(LoggedTextTest, EveryPairOfBytesComesBack) {
  for (int first = 1; first < 256; ++first) {
    for (int second = 1; second < 256; ++second) {
      const std::string text = {static_cast<char>(first),
                                static_cast<char>(second)};
      EXPECT_EQ(FromLoggedText(ToLoggedText(text)), text);
      EXPECT_EQ(FromPrintable(Printable(text, Spaces::kEscape)), text);
    }
  }
}

TEST(LoggedTextTest, HalfAnEscapeIsRefused) {
  for (const char* text : {"%", "a%2", "%zz", "% 5", "%00"}) {
    EXPECT_EQ(FromLoggedText(text), std::nullopt) << text;
  }
  for (const char* text : {"\\", "\\x", "\\x2", "\\n", "\\xzz", "\\x00"}) {
    EXPECT_EQ(FromPrintable(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace assayfs
