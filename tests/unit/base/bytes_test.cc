// SPDX-License-Identifier: Apache-2.0
// Conversions between bytes, text and integers.
#include "base/bytes.h"

#include <gmock/gmock.h>

#include <string>

namespace assayfs {
namespace {

TEST(BytesTest, TextAndBytesViewTheSameMemory) {
  const std::string text("a\0b\xff", 4);
  EXPECT_EQ(AsBytes(text).size(), 4u);
  EXPECT_EQ(AsText(AsBytes(text)), text);
  EXPECT_EQ(AsText(AsBytes(text)).data(), text.data());
  EXPECT_EQ(AsText({}), "");
}

TEST(BytesTest, CopiesBytes) {
  EXPECT_EQ(AsText(ToVector(AsBytes("abc"))), "abc");
  EXPECT_TRUE(ToVector({}).empty());
}

TEST(BytesTest, WritesLowerCaseHexadecimalDigits) {
  const std::string text("\x00\x0f\xa0\xff", 4);
  EXPECT_EQ(ToHex(AsBytes(text)), "000fa0ff");
  EXPECT_EQ(ToHex({}), "");
}

TEST(BytesTest, ReadsHexadecimalDigitsOfEitherCase) {
  EXPECT_EQ(ToHex(FromHex("00aAfF19").value()), "00aaff19");
  EXPECT_TRUE(FromHex("").value().empty());
}

TEST(BytesTest, EveryByteSurvivesHexadecimal) {
  ByteVector bytes;
  for (int value = 0; value < 256; ++value) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  EXPECT_EQ(FromHex(ToHex(bytes)), bytes);
}

TEST(BytesTest, RefusesWhatIsNotHexadecimal) {
  // The neighbours of the digits and letters in ASCII, among others.
  for (const char* text : {"a", "abc", "0g", "g0", "0/", "0:", "0@", "0G", "0`",
                           " 0", "0x", "-1"}) {
    EXPECT_EQ(FromHex(text), std::nullopt) << text;
  }
}

TEST(BytesTest, AppendsIntegersInTheOrderTheNameSays) {
  ByteVector out;
  AppendBe16(out, 0x0102);
  AppendBe32(out, 0x03040506);
  AppendLe32(out, 0x0708090a);
  AppendLe64(out, 0x0b0c0d0e0f101112);
  AppendBytes(out, AsBytes("!"));
  EXPECT_EQ(ToHex(out),
            "0102"
            "03040506"
            "0a090807"
            "1211100f0e0d0c0b"
            "21");
}

TEST(BytesTest, PrintableEscapesWhatIsNotOneLineOfText) {
  EXPECT_EQ(Printable("plain ~!"), "plain ~!");
  EXPECT_EQ(Printable("a\nb\tc\x1b[0m"), "a\\x0ab\\x09c\\x1b[0m");
  EXPECT_EQ(Printable("\x7f\xc3\xa4"), "\\x7f\\xc3\\xa4");
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
}

TEST(BytesTest, PrintableEscapesTheBackslash) {
  // Else a name with these very characters would read as an escaped newline.
  EXPECT_EQ(Printable("\\x0a"), "\\x5cx0a");
}

TEST(BytesTest, PrintableEscapesSpacesOnRequest) {
  EXPECT_EQ(Printable("a b", Spaces::kEscape), "a\\x20b");
}

}  // namespace
}  // namespace assayfs
